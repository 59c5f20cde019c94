"""The week in numbers, mailed to colleagues who want it on Monday morning."""
