"""The flow interpreter: (flows, state, message) → (state, replies, effects). Pure; knows neither Rasa nor the network."""
