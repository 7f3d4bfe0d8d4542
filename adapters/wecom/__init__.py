"""WeCom (企业微信): a self-built app (自建应用) that sends template cards and is called back at a public address."""
