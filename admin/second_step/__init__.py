"""The second step at sign-in."""
