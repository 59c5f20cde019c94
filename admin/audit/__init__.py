"""The audit log: who changed what when, in a chain of hashes."""
