"""Telegram: a bot's updates in, by webhook or by asking for them; messages out over the Bot API."""
