"""Where a person may be, as far as their address, number and browser tell."""
