"""Privacy requests as the privacy officer sees and decides them, exports and the record of processing."""
