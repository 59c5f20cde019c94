"""The consent ledger and suppressions. Append-only; current state is a fold of the events."""
