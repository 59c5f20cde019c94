"""Contacts that may be one person, as people look at them, and what they decide. The rules are crm's."""
