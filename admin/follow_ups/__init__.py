"""Follow-ups as people look at them: what goes out, what went out, and why anything did not. Reads only."""
