"""One suite per port, passed by every implementation of it, fakes included."""
