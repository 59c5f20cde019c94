"""What texts and calls cost a day and a month, and the ceiling at which they stop."""
