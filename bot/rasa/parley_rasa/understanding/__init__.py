"""How a text becomes an intent: encoder, n-grams and a linear model. Knows nothing of flows."""
