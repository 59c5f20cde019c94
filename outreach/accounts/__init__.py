"""The operator's own numbers, bots and mailboxes: what a channel sends from and is reached at."""
