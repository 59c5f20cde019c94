"""The clock of a request and who counts as the person who made it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from dateutil.relativedelta import relativedelta

RequestKind = Literal[
    "access",
    "rectify",
    "erase",
    "object_marketing",
    "object_profiling",
    "restrict",
    "unrestrict",
    "human_review",
    "why_contacted",
]
KINDS: tuple[RequestKind, ...] = get_args(RequestKind)
AT_ONCE: frozenset[str] = frozenset({"object_marketing", "object_profiling", "restrict", "human_review"})
"""Carried out when they are made, whoever made them: each only protects the person."""
_MONTHS = 1
_LONGER = 2

WORDS: Mapping[str, str] = {
    "access": "wants to see their data",
    "rectify": "wants something corrected",
    "erase": "wants their data erased",
    "object_marketing": "objects to marketing",
    "object_profiling": "objects to profiling",
    "restrict": "wants their data kept but not used",
    "unrestrict": "lifts the restriction",
    "human_review": "wants a person to decide",
    "why_contacted": "asks why they are contacted",
}


def due_of(received_at: datetime) -> datetime:
    """Until when a request must be answered: one month (GDPR 12(3)); on the month's last day where it has no such day.

    Shorter than the 45 days of California (11 CCR 7021), so that one clock is enough.
    """
    due_at: datetime = received_at + relativedelta(months=_MONTHS)
    return due_at


def extended(received_at: datetime) -> datetime:
    """Until when it may be put off, with a reason that the person is told within the first month: two months more."""
    due_at: datetime = received_at + relativedelta(months=_MONTHS + _LONGER)
    return due_at


def is_verified(*, proven_sender: bool, speaks_for_contact: bool, only_talk: bool) -> bool:
    """Whether a talk's request is surely the person's own.

    It is when a provider vouches for the address it came from; and when nothing is known of the contact but what was
    said in this very talk, by the browser that holds it.
    """
    return proven_sender or (speaks_for_contact and only_talk)
