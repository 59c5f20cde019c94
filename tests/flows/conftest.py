"""Settings of the property tests here: on a busy shared machine a deadline measures the neighbours, not us."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
