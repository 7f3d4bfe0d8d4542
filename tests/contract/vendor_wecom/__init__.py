"""The fake WeCom, judged by wechatpy, a library that many bots of this platform use."""
