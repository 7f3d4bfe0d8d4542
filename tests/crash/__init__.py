"""Real processes, killed at awkward moments; nothing may be lost or sent twice."""
