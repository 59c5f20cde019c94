"""`parley audit`: what must hold of the data at any moment, asked of a live database. Changes nothing."""
