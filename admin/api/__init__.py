"""API v1: handlers, sessions, OpenAPI."""
