"""Leads as people look at them: the list and one lead's whole story. Reads only."""
