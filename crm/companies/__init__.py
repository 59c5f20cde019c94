"""Companies: whom their people are, what they are called and which domains are theirs."""
