"""The roof: puts the parts together, runs them, and is spoken to from the command line."""
