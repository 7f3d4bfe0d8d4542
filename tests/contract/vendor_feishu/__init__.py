"""The fake Feishu, judged by the vendor's own client."""
