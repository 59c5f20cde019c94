"""One change to many contacts at once, carried out by a worker in sets."""
