"""Mail by SMTP, for those whom chat cannot reach and for escalations that ask for it."""
