"""Who people are and what they agreed to: contacts, consent ledger, timeline, scoring.

Knows no channel and no dialogue.
"""
