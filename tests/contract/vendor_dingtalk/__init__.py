"""The fake DingTalk, judged by the vendor's own client."""
