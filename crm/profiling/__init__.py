"""Whether somebody's data may be used to judge, sort, complete or learn from them, and why not."""
