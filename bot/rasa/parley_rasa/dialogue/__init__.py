"""The flow interpreter: (flows, state, message) → (state, replies, effects). Knows neither Rasa nor the network."""
