"""The endpoints of outward webhooks, and the mail to whoever made one that was switched off."""
