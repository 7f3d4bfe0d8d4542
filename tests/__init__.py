"""The specification of the bot, told as tests; CONTRIBUTING.md says what belongs in which folder."""
