"""Configuration: an operator's YAML turned into the domain's values, and the sentences shown to people."""
