"""What may be permitted, and what the shipped roles are permitted. Pure: who somebody is, is found elsewhere.

A permission is an area and a verb. An endpoint names exactly one; a role and an API token are sets of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, get_args

Granted = Literal[
    "audit.read",
    "channels.read",
    "channels.write",
    "contacts.export",
    "contacts.read",
    "contacts.write",
    "conversations.read",
    "conversations.reply",
    "conversations.write",
    "events.read",
    "events.write",
    "flows.read",
    "flows.write",
    "imports.read",
    "imports.write",
    "journeys.read",
    "journeys.write",
    "knowledge.read",
    "knowledge.write",
    "meetings.read",
    "meetings.write",
    "numbers.read",
    "numbers.write",
    "privacy.carry_out",
    "privacy.read",
    "privacy.write",
    "scores.read",
    "scores.write",
    "segments.read",
    "segments.write",
    "settings.read",
    "settings.write",
    "users.read",
    "users.write",
]
"""What a role or a token can hold."""

Permission = Literal["public", "token", "own", Granted]
"""What an endpoint asks: nothing (`public`), a source's token (`token`), a browser that is signed in, whoever it is
and about nobody else (`own`), or what a role or a token must hold."""

PERMISSIONS: frozenset[Granted] = frozenset(get_args(Granted))

OWNER = "owner"
_READ_WORK: frozenset[Granted] = frozenset(
    {
        "channels.read",
        "events.read",
        "flows.read",
        "journeys.read",
        "knowledge.read",
        "numbers.read",
        "scores.read",
        "segments.read",
        "settings.read",
    }
)
"""What is the same for everybody who looks at how the work goes; nobody's name stands in it."""

ROLES: Mapping[str, frozenset[Granted]] = {
    OWNER: PERMISSIONS,
    "marketer": _READ_WORK
    | {
        "contacts.export",
        "contacts.read",
        "contacts.write",
        "conversations.read",
        "events.write",
        "flows.write",
        "imports.read",
        "imports.write",
        "journeys.write",
        "knowledge.write",
        "meetings.read",
        "numbers.write",
        "scores.write",
        "segments.write",
    },
    "agent": frozenset(
        {
            "contacts.read",
            "contacts.write",
            "conversations.read",
            "conversations.reply",
            "conversations.write",
            "journeys.read",
            "knowledge.read",
            "meetings.read",
            "meetings.write",
            "numbers.read",
            "scores.read",
            "segments.read",
            "settings.read",
        }
    ),
    "analyst": _READ_WORK,
    "privacy_officer": _READ_WORK
    | {
        "audit.read",
        "contacts.export",
        "contacts.read",
        "conversations.read",
        "imports.read",
        "meetings.read",
        "privacy.carry_out",
        "privacy.read",
        "privacy.write",
        "users.read",
    },
}
"""The roles that every site has. They are not stored, so that a new release can add to them."""


def permissions_of(role: str, own: Collection[str] | None) -> frozenset[Granted]:
    """What a role holds, given what is stored of it if it is one of a site's own.

    What is no permission any more, as a release took it away, is left out.
    """
    return ROLES.get(role) or narrow(own or ())


def narrow(names: Collection[str]) -> frozenset[Granted]:
    """Those of the names that are permissions."""
    return frozenset(one for one in PERMISSIONS if one in names)
