"""Parley's side of Rasa: understanding, flows and the turn channel. Imports nothing of Parley outside this package."""
