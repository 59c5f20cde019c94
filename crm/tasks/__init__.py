"""What a colleague is to do about somebody."""
