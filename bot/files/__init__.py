"""Files that people send in a conversation."""
