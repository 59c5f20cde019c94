"""`parley doctor`: looks at everything a site needs, says what is wrong and what to do. Changes nothing."""
