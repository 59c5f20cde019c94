"""Users: invited, given roles, deactivated; their own passwords and sessions."""
