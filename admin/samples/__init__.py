"""The sample workspace over the API."""
