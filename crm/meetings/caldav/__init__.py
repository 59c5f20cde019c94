"""Calendars on CalDAV servers (RFC 4791): what is in them is read, meetings are written into them."""
