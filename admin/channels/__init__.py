"""Channels over the API: accounts, what each needs, checks of what is in place. The protocols are channels'."""
