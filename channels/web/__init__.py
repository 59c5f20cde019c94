"""The chat on the web page: session, socket, long-poll, replay."""
