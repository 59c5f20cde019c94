"""Rule scores, each point with its reason."""
