"""Ground every room stands on: database, clock, ids, errors, encryption, message types. Imports no other room."""
