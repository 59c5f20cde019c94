"""What happened with a person, in order."""
