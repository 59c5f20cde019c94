"""The fields of contacts: what each is called, what may stand in it, how careful one must be with it."""
