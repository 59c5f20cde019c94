"""Contacts are given to colleagues. The rules are crm's."""
