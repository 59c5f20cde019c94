"""Replays real conversations on a draft and tells which would end otherwise. Stores nothing and shows no text.

Both sides are replayed now, on the live flows and on the draft, so that nothing but the draft makes a difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.messages import MessageKind
from bot.dialogue import DialogueFailed, Need
from bot.models import Conversation, Message
from bot.publishing.rehearsal import Rehearsal, Scenery, Turns

AT_ONCE = 4
"""Conversations replayed at the same time."""
MOST_MESSAGES = 200
"""Of one conversation; what came later is left out."""

_REPLAYED = ("text", "choice", "file", "no_reply", "timed_out", "callback")
_WORDS_ONLY = ("text", "retry", "again", "help", "alt", "closed", "cards")
"""Parts of a step's wording that no answer is read from; `choices` and `also` are."""


@dataclass(frozen=True)
class PastMessage:
    """What came in once, and what its needs came to then."""

    kind: MessageKind
    text: str
    value: Any
    step: str | None
    needs: Sequence[Mapping[str, Any]]
    at: datetime


@dataclass(frozen=True)
class Past:
    """A real conversation, as far as a replay needs it."""

    conversation_id: UUID
    channel: str
    language: str
    zone: str | None
    messages: Sequence[PastMessage]


@dataclass(frozen=True)
class Ending:
    """How a replay came out: everything that matters to the person or the company, no text."""

    ended: str | None = None
    stands_on: str | None = None
    flows: tuple[tuple[str, str], ...] = ()
    consents: tuple[tuple[str, str], ...] = ()
    journeys: tuple[str, ...] = ()
    handed_off: bool = False
    problem: str | None = None

    def in_words(self) -> str:
        """What came of it, for the sentence of a difference."""
        if self.problem:
            return f"break off ({self.problem})"
        parts = [f"end with {self.ended}" if self.ended else f"stand on {self.stands_on or 'nothing'}"]
        parts += [f"{flow} as {outcome}" for flow, outcome in self.flows]
        parts += [f"consent to {what} {decision}" for what, decision in self.consents]
        parts += [f"start {journey}" for journey in self.journeys]
        return ", ".join(parts + (["hand over"] if self.handed_off else []))


@dataclass(frozen=True)
class Difference:
    """A conversation that would end otherwise."""

    conversation_id: UUID
    before: Ending
    after: Ending


@dataclass(frozen=True)
class Replayed:
    """What the replays came to."""

    conversations: int
    differences: list[Difference] = field(default_factory=list)
    same_by_construction: bool = False
    """Nothing changed that an answer is read from, so none had to be replayed."""

    @property
    def passed(self) -> bool:
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """For keeping."""
        return {
            "conversations": self.conversations,
            "same_by_construction": self.same_by_construction,
            "differences": [
                {"conversation_id": str(one.conversation_id), "before": asdict(one.before), "after": asdict(one.after)}
                for one in self.differences
            ],
        }

    def as_text(self) -> str:
        """The differences, one a line."""
        return "\n".join(
            f"conversation {one.conversation_id}: live it would {one.before.in_words()}; then {one.after.in_words()}"
            for one in self.differences
        )


async def list_past(session: AsyncSession, *, limit: int) -> list[Past]:
    """The conversations begun last in which somebody said something, the latest first.

    By their ids, which grow with time: an index on the last message would have to be changed with every message.
    """
    said = (
        select(Message.id).where(
            Message.conversation_id == Conversation.id, Message.author == "visitor", Message.seq > 0
        )
    ).exists()
    rows = await session.scalars(select(Conversation).where(said).order_by(Conversation.id.desc()).limit(limit))
    conversations = list(rows)
    messages = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id.in_([one.id for one in conversations]),
            Message.author.in_(("visitor", "system")),
            Message.kind.in_(_REPLAYED),
        )
        .order_by(Message.conversation_id, Message.seq)
    )
    by_conversation: dict[UUID, list[PastMessage]] = {}
    for message in messages:
        by_conversation.setdefault(message.conversation_id, []).append(_past(message))
    return [
        Past(one.id, one.channel, one.language, one.time_zone, by_conversation.get(one.id, [])[:MOST_MESSAGES])
        for one in conversations
    ]


async def replay(turns: Turns, pasts: Sequence[Past], *, live: tuple[str, str], draft: tuple[str, str]) -> Replayed:
    """Plays each conversation on both sides.

    Args:
        live, draft: flows version and model id.
    """
    few = asyncio.Semaphore(AT_ONCE)

    async def both(past: Past) -> Difference | None:
        async with few:
            before = await _ending(turns, past, *live)
            after = await _ending(turns, past, *draft)
        return None if before == after else Difference(past.conversation_id, before, after)

    found = await asyncio.gather(*(both(past) for past in pasts))
    return Replayed(len(pasts), [difference for difference in found if difference is not None])


def reads_alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether two compiled documents differ only in what is said, so that every talk goes the same way on both."""
    return _without_words(before) == _without_words(after)


async def _ending(turns: Turns, past: Past, flows: str, model: str) -> Ending:
    started = past.messages[0].at if past.messages else datetime.now(UTC)
    zone = ZoneInfo(past.zone) if past.zone else UTC
    current: list[PastMessage] = []

    async def answer(need: Need) -> Mapping[str, Any]:
        return _recorded(current, need)

    scenery = Scenery(
        flows, model, past.channel, past.language, started.astimezone(zone), subject=str(past.conversation_id)
    )
    rehearsal = Rehearsal(turns, scenery, answer)
    try:
        await rehearsal.start()
        for message in past.messages:
            current[:] = [message]
            rehearsal.move_to(message.at.astimezone(zone))
            await rehearsal.play(message.kind, message.text, message.value, message.step)
    except DialogueFailed as error:
        return Ending(problem=error.message)
    return _of(rehearsal)


def _of(rehearsal: Rehearsal) -> Ending:
    def all_of(name: str) -> list[dict[str, Any]]:
        return [effect for effect in rehearsal.effects if effect.get("effect") == name]

    return Ending(
        rehearsal.ended,
        rehearsal.open_step,
        tuple((str(one["flow"]), str(one["outcome"])) for one in all_of("end_flow")),
        tuple(
            (f"{one['purpose']}/{channel}", str(one["decision"]))
            for one in all_of("record_consent")
            for channel in one["channels"]
        ),
        tuple(str(one["journey"]) for one in all_of("enrol_in_journey")),
        bool(all_of("hand_off")),
    )


def _recorded(current: list[PastMessage], need: Need) -> Mapping[str, Any]:
    """What the same need came to then; else the empty answer, the same for both sides."""
    kept = [one for message in current for one in message.needs if one.get("need") == need.need]
    exact = [one["result"] for one in kept if one.get("step") == need.step]
    if exact or kept:
        result: Mapping[str, Any] = exact[0] if exact else kept[0]["result"]
        return result
    return NOTHING_KNOWN[need.need]


NOTHING_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "facts": {
        "score": 0,
        "qualification": None,
        "stage": "visitor",
        "known_contact": False,
        "tags": [],
        "consents": {},
        "suppressed": [],
    },
    "http": {"ok": False, "problem": "not called in a rehearsal"},
    "free_times": {"times": [], "more": False},
    "hold_time": {"held": False},
    "resume_code": {"code": "K7M2QX", "link": ""},
    "knowledge": {"passages": [], "sure": False},
}
"""What a need comes to when nobody says otherwise: nothing is known, nothing is reached, nothing is free."""


def _past(message: Message) -> PastMessage:
    data = message.data
    return PastMessage(
        message.kind,  # type: ignore[arg-type]  # rows are chosen by kind
        message.text,
        data.get("value"),
        data.get("step"),
        data.get("needs", ()),
        message.created_at,
    )


def _without_words(compiled: Mapping[str, Any]) -> dict[str, Any]:
    """The document without versions and without what is only said."""
    wording = {
        language: {
            flow: {
                step: {key: one for key, one in words.items() if key not in _WORDS_ONLY}
                for step, words in steps.items()
            }
            for flow, steps in flows.items()
        }
        for language, flows in compiled["wording"].items()
    }
    flows = {
        name: {key: one for key, one in flow.items() if key != "version"} for name, flow in compiled["flows"].items()
    }
    return {
        **{key: one for key, one in compiled.items() if key != "version"},
        "flows": flows,
        "wording": wording,
        "answers": sorted(compiled["answers"]),
    }
