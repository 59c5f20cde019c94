"""How the payloads of another system's webhooks become events: paths into its JSON. Pure.

A payload of ours needs no mapping: it is `{"type": kind, "timestamp": …, "data": {"about": …, "properties": …}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from crm.timeline.kinds import Name

Path = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,60}(\.[A-Za-z0-9_\-]{1,60}){0,9}$")]
"""Names of members and numbers of list items with dots between, from the top of the payload: `data.customer.email`."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AboutPaths(_Part):
    """Where the payload says whom it is about."""

    contact: Path | None = None
    email: Path | None = None
    phone: Path | None = None
    external: Path | None = None


class EventPaths(_Part):
    """What one type of payload becomes."""

    kind: Name
    about: AboutPaths
    properties: Annotated[dict[Name, Path], Field(max_length=40)] = {}
    occurred_at: Path | None = "timestamp"


class PayloadMapping(_Part):
    """By the payload's `type` (or whatever stands at `type_at`); types that are not named are let pass unread."""

    type_at: Path = "type"
    types: Annotated[dict[Annotated[str, Field(max_length=200)], EventPaths], Field(max_length=100)] = {}
    external_source: Annotated[str, Field(max_length=60)] | None = None
    """Whose ids stand at `external`, where they are mapped."""


def map_payload(payload: Any, mapping: PayloadMapping) -> dict[str, Any] | None:
    """The event in a payload, not checked yet; None when its type is none of those that become events."""
    kind = find_at(payload, mapping.type_at)
    if not mapping.types:
        return _read_ours(payload, kind)
    paths = mapping.types.get(kind) if isinstance(kind, str) else None
    if paths is None:
        return None
    about = {name: found for name, at in paths.about if at and (found := find_at(payload, at)) not in (None, "")}
    if "external" in about:
        about["external"] = {"source": mapping.external_source, "id": str(about["external"])}
    event: dict[str, Any] = {
        "kind": paths.kind,
        "about": about,
        "properties": {
            name: found for name, at in paths.properties.items() if (found := find_at(payload, at)) is not None
        },
    }
    occurred_at = find_at(payload, paths.occurred_at) if paths.occurred_at else None
    return event if occurred_at is None else event | {"occurred_at": occurred_at}


def find_at(payload: Any, path: str) -> Any:
    """What stands at a path; None when nothing does."""
    found = payload
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _read_ours(payload: Any, kind: Any) -> dict[str, Any]:
    data = payload.get("data") if isinstance(payload, Mapping) else None
    event: dict[str, Any] = {"kind": kind, **(data if isinstance(data, Mapping) else {})}
    timestamp = find_at(payload, "timestamp")
    return event if timestamp is None else {"occurred_at": timestamp} | event
