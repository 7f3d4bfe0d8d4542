"""The store: every row the bot keeps, on SQLite or PostgreSQL through one code path."""
