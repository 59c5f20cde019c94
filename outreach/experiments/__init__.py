"""Which way of a journey works best: people are sent different ways, and what they do is compared."""
