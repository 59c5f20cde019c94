"""Segments over the API: rules, counts, previews, members, and why somebody is in one or not."""
