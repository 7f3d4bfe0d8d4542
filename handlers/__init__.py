"""Use cases: an event or a tick comes in, the domain decides, rows and messages go out."""
