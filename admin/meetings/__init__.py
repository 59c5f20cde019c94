"""Calendars in which people are met, and the meetings to come."""
