"""What texts and calls cost, as colleagues see it."""
