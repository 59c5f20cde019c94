"""What comes in from providers: kept by the provider's id before it is acknowledged, then made turns of.

A channel verifies and parses; nothing here knows a provider.
"""
