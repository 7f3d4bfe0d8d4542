"""Fake platforms and the demo page on top of them: an independent check of the bot, so nothing of ours is imported."""
