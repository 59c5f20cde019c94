"""What the bot did not understand, what a marketer makes of it, and what a change would do to its understanding."""
