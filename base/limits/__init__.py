"""How often a thing may be done, counted for all processes of a set-up together."""
