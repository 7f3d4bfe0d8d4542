"""The demo page as a person meets it, in Chromium."""
