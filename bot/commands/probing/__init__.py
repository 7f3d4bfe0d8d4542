"""What `doctor` looks at, one file a thing: platforms, store, calendar, mail server, people."""
