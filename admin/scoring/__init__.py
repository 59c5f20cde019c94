"""Scores over the API: what somebody scores and why, and the rules."""
