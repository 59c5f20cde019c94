"""Where: one folder a channel. Channels never import each other; provider SDKs appear only here."""
