"""Telephone calls over Twilio: people call us, and we call those who agreed to it. What is said is spoken at once."""
