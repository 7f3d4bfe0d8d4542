"""DingTalk (钉钉): sends, hears, and reads the directory. Wire facts: dingtalk.md, read 2026-11-22."""
