"""Events over the API: sent by programs, their sources and kinds kept by users."""
