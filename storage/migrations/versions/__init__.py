"""The migrations; each works with the code before it and after it."""
