"""Set-up of a fresh clone. Runs before any environment exists, so it uses the standard library only."""
