"""The ground floor: rules of continuous performance conversations, pure and without I/O."""
