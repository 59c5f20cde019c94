"""Fills the sample workspace with made-up people, by the functions that real ones come and go by, and removes it."""
