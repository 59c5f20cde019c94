"""Publishing: from a draft through its checks, tests and replays to what is live, and back."""
