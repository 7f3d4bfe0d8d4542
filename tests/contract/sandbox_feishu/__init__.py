"""The fake Feishu keeps the contract of the reference: every rule, every code, every fault."""
