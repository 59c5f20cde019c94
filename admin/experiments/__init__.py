"""Experiments of journeys as people look at them: how the ways compare, and what a journey brings at all."""
