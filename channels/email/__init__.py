"""E-mail out over SMTP, with one-click unsubscribe in."""
