"""What is new, told to open pages as it happens: ids only, one way."""
