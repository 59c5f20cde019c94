"""Which colleague looks after which contact."""
