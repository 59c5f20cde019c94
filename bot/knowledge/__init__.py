"""Articles that answer what visitors ask: read, cut into passages, indexed, found by meaning and by words."""
