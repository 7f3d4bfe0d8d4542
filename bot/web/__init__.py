"""What others reach over HTTP: platforms' callbacks, probes and figures."""
