"""Pages for people, without script, log-in or cookie: what they get from us, what we hold, and the end of both."""
