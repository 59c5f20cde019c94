"""Mails that tell colleagues what they are to do."""
