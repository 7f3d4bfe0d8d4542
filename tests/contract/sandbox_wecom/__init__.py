"""The fake WeCom, judged through its HTTP face and its callbacks."""
