"""The fake DingTalk, held to the reference in every rule that it claims to check."""
