"""Proof packs: why a message went, all of one person's consent, opt-in evidence for a carrier, all for an auditor."""
