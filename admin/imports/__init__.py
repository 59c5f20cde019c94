"""Imports of contacts from files that are sent, and exports of contacts."""
