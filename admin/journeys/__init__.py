"""Journeys as people look at them and steer them: who stands where, why not, pausing, filling, rolling back."""
