"""Calendars and the meetings booked in them."""
