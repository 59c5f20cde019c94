"""The record of processing activities (GDPR Art. 30), printed from the registry. Pure; adds nothing to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.privacy.registry import Held, Registry

_MEASURES = (
    "Addresses are encrypted (AES-256-GCM) and found by keyed hashes",
    "The ledger of consent is append-only, hash-chained and signed",
    "Only the gate lets a message be sent, and each answer of it is kept with its reasons",
    "Logs hold ids, never addresses or texts",
    "Rows are removed each night when their time is over, and on request at once, with a signed receipt",
)


@dataclass(frozen=True)
class Controller:
    """Who is responsible, as the settings say."""

    name: str
    address: str


def describe_processing(registry: Registry, controller: Controller) -> dict[str, Any]:
    """The record as data."""
    return {
        "registry": registry.version,
        "controller": {"name": controller.name, "address": controller.address},
        "activities": [
            {
                "activity": one.title,
                "purposes": one.purposes,
                "legal_basis": one.basis,
                "people": "users of the admin" if name == "staff" else "people who write to us or are written to",
                "data": one.data,
                "tables": {
                    table: {"kept_for": kept_for(held), "on_erasure": on_erasure(held)}
                    for table, held in registry.tables.items()
                    if held.class_ == name
                }
                | {table: {"holds": other.holds} for table, other in registry.others.items() if other.class_ == name},
            }
            for name, one in registry.classes.items()
        ],
        "security": list(_MEASURES),
    }


def print_processing(registry: Registry, controller: Controller) -> str:
    """The record as Markdown."""
    lines = [
        "# Record of processing activities (GDPR Art. 30)",
        "",
        f"Controller: {controller.name}{', ' if controller.address else ''}{' '.join(controller.address.split())}.",
        f"Made by Parley from its registry of {registry.version}. Recipients and transfers to other countries are",
        "those of the providers you set up: add them, and who your data protection officer is.",
    ]
    for activity in describe_processing(registry, controller)["activities"]:
        lines += ["", f"## {activity['activity']}", "", f"- For: {'; '.join(activity['purposes'])}"]
        lines += [f"- By right of: {activity['legal_basis']}"]
        lines += [f"- About: {activity['people']}"] if activity["data"] else []
        lines += [f"- Data: {', '.join(activity['data'])}"] if activity["data"] else []
        lines += ["", "| table | kept for | on erasure |", "|---|---|---|"]
        for table, told in activity["tables"].items():
            lines.append(f"| `{table}` | {told.get('kept_for', told.get('holds'))} | {told.get('on_erasure', '')} |")
    lines += ["", "## Security", "", *(f"- {measure}" for measure in _MEASURES), ""]
    return "\n".join(lines)


def kept_for(held: Held) -> str:
    """How long rows are kept, in words."""
    if held.keep is not None:
        which = "; ".join(f"{column} {', '.join(values)}" for column, values in held.keep.where.items())
        return f"{held.keep.days} days after {' or '.join(held.keep.age)}{f' (where {which})' if which else ''}"
    if held.idle:
        return "without anything happening: " + ", ".join(f"{stage} {days} days" for stage, days in held.idle.items())
    return "as the reason beside says" if held.erase.keep else "as long as what it belongs to"


def on_erasure(held: Held) -> str:
    """What becomes of rows when their person is erased, in words."""
    if held.erase.keep is not None:
        return f"kept: {held.erase.keep}"
    return "deleted" if held.erase.with_ is None else f"deleted with `{held.erase.with_}`"
