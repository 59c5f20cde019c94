"""Webhooks outward: events of the timeline, sent to other systems by Standard Webhooks (standardwebhooks.com)."""
