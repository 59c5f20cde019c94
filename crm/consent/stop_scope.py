"""What an opt-out is about: which purpose, on which channels. Pure; whatever cannot be read means all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from crm.consent.rules import ALL, ConsentState, Scope, consent_for

MARKETING: Literal["marketing"] = "marketing"
CHANNELS = ("email", "sms", "telegram", "voice", "web")
"""Every channel there is. A test holds it to the ones that flows may name, which this room does not import."""


@dataclass(frozen=True, slots=True)
class StopScope:
    """A purpose (`marketing` or `all`) on some channels; None means every channel, also those to come."""

    purpose: Literal["marketing", "all"] = "all"
    channels: tuple[str, ...] | None = None

    @classmethod
    def read(cls, content: object) -> Self:
        """The scope in an effect or a stored review. Silence, and anything unknown, stops everything."""
        if not isinstance(content, Mapping):
            return cls()
        named = content.get("channels")
        known: list[str] = [name for name in CHANNELS if name in named] if isinstance(named, list | tuple) else []
        # A channel that is not known is no reason to stop less than was asked for.
        understood = isinstance(named, list | tuple) and len(known) == len(set(map(str, named)))
        purpose: Literal["marketing", "all"] = MARKETING if content.get("purpose") == MARKETING else "all"
        return cls(purpose, tuple(known) if known and understood else None)

    @property
    def is_everything(self) -> bool:
        return self == StopScope()

    def told(self) -> dict[str, Any]:
        """As effects and reviews have it."""
        return {"purpose": self.purpose, "channels": ALL if self.channels is None else list(self.channels)}

    def closes(self, channel: str) -> bool:
        """Whether nothing at all may go to this channel any more."""
        return self.purpose == ALL and (self.channels is None or channel in self.channels)

    def is_covered(self, suppressed: Iterable[str], consents: Mapping[Scope, ConsentState]) -> bool:
        """Whether all of it was stopped already."""
        stopped = set(suppressed)
        if ALL in stopped:
            return True
        left = [name for name in self.channels or (ALL,) if name not in stopped]
        if self.purpose == ALL:
            return not left
        return all(consent_for(consents, self.purpose, name).state == "withdrawn" for name in left)
