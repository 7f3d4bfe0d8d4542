"""One suite for every chat platform's adapter; a new platform begins by subclassing `AdapterContract`."""
