"""The page that tells programmers what the API can do, made from its description. No script, nothing from elsewhere."""
