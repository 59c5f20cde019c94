"""Contacts that turned out to be one: merging them, taking that back, and the ids by which they are known."""
