"""Calls to other systems, only those an operator has allowed, and their calls back."""
