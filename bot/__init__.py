"""One conversation turn on the platform side. `bot/rasa/` is the other side and is never imported."""
