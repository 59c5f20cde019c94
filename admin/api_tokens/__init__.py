"""Tokens by which programs use the API for a user."""
