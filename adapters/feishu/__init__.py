"""Feishu and Lark (飞书): a self-built app with a bot, over the long connection or over callbacks."""
