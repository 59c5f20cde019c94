"""Contacts that may be the same person: found by likeness, weighed, and put before a person who decides."""
