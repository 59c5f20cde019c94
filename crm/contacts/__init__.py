"""Contacts and the addresses they are reached at."""
