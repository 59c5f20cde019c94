"""What the bot did not understand and what people propose to mend it, as they look at it. The rules are bot's."""
