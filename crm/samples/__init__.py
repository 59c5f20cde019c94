"""A sample workspace: made-up people to look around with, who are never written to and go with one click."""
