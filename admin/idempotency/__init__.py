"""Commands that are sent again with the same key are carried out once."""
