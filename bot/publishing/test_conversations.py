"""Runs the test conversations that stand beside the flows (docs/reference/protocols.md, 4). Touches no database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from base.errors import InvalidInput
from bot.dialogue import DialogueFailed, Need, Reply
from bot.knowledge.rehearsed import find_named
from bot.publishing.rehearsal import Beat, Rehearsal, Scenery, Turns
from bot.publishing.replay import NOTHING_KNOWN
from flows.content import Content
from flows.test_models import CallsBack, Done, Expected, SendsFile, Tap, TestConversation, Waits

AT_ONCE = 4
"""Test conversations played at the same time."""

USUAL_NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
"""When a test plays that names no time: a Tuesday morning."""


@dataclass(frozen=True)
class Failure:
    """A test conversation that went otherwise than written; `line` is where in its tests.yml the test begins."""

    flow: str
    name: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"library/{self.flow}/tests.yml:{self.line}: {self.name}: {self.problem}"


@dataclass(frozen=True)
class TestReport:
    """What a run came to."""

    __test__ = False

    conversations: int
    failures: Sequence[Failure]

    @property
    def passed(self) -> bool:
        return not self.failures

    def as_json(self) -> dict[str, Any]:
        """For keeping."""
        return {"conversations": self.conversations, "failures": [asdict(failure) for failure in self.failures]}

    def as_text(self) -> str:
        """The failures, one a line."""
        return "\n".join(str(failure) for failure in self.failures)


class NotAsWritten(InvalidInput):
    """The talk did not go as written."""

    code = "not_as_written"


async def run_tests(
    turns: Turns, content: Content, *, flows_version: str, model_id: str, only: Iterable[str] | None = None
) -> TestReport:
    """Plays every test conversation.

    Args:
        only: the flows whose tests are run; all, when not given.
    """
    few = asyncio.Semaphore(AT_ONCE)

    async def run(flow: str, number: int, test: TestConversation) -> Failure | None:
        async with few:
            problem = await _run_one(turns, content, flow, test, (flows_version, model_id))
        line = content.tests[flow].marks.line_of((number, "name"))
        return None if problem is None else Failure(flow, test.name, line, problem)

    chosen = set(content.tests if only is None else only)
    found = await asyncio.gather(
        *(
            run(flow, number, test)
            for flow, file in sorted(content.tests.items())
            if flow in chosen
            for number, test in enumerate(file.conversations.root)
        )
    )
    return TestReport(len(found), [failure for failure in found if failure is not None])


async def _run_one(
    turns: Turns, content: Content, flow: str, test: TestConversation, answered_by: tuple[str, str]
) -> str | None:
    language = test.language or content.flows[flow].model.language
    scenery = Scenery(
        *answered_by, test.channel, language, test.now or USUAL_NOW, dict(test.known.items()), subject=test.name
    )
    rehearsal = Rehearsal(turns, scenery, _Answers(test, content))
    started = test.starts or flow
    try:
        beat = await rehearsal.start(started)
        for number, part in enumerate(test.talk, start=1):
            if isinstance(part, Done):
                beat = await _do(rehearsal, part)
            else:
                _compare(rehearsal, beat, part, started, number)
        _compare_end(rehearsal, test, started)
    except (InvalidInput, DialogueFailed) as error:
        return error.message
    return None


async def _do(rehearsal: Rehearsal, part: Done) -> Beat:
    match part.person:
        case Tap(tap=value):
            return await rehearsal.tap(value)
        case SendsFile(file=name):
            return await rehearsal.send_file(name)
        case Waits(waits=time):
            return await rehearsal.wait(time)
        case CallsBack(callback=body):
            return await rehearsal.call_back(body if isinstance(body, dict) else {"value": body})
        case str(text):
            return await rehearsal.say(text)
    raise AssertionError(part)


def _compare(rehearsal: Rehearsal, beat: Beat, expected: Expected, flow: str, number: int) -> None:
    wanted = [_full(step, flow) for step in expected.bot]
    spoke = [reply.step for reply in beat.replies if reply.step]
    if len(wanted) == 1:
        stands = rehearsal.open_step or (spoke[-1] if spoke else None)
        if wanted[0] not in (stands, spoke[-1] if spoke else None):
            raise NotAsWritten(f"part {number}: {wanted[0]} should speak, but {_told(stands, beat)}")
    elif not _in_order(wanted, spoke):
        raise NotAsWritten(
            f"part {number}: {', '.join(wanted)} should have spoken, but {_told(', '.join(spoke), beat)}"
        )
    said = "\n".join(text for reply in beat.replies for text in _texts(reply)).casefold()
    for part in expected.says:
        if part.casefold() not in said:
            raise NotAsWritten(f"part {number}: {part!r} should be said, but {_told(None, beat)}")
    for part in expected.never_says:
        if part.casefold() in said:
            raise NotAsWritten(f"part {number}: {part!r} should not be said, but {_told(None, beat)}")


def _compare_end(rehearsal: Rehearsal, test: TestConversation, flow: str) -> None:
    rest: Iterator[dict[str, Any]] = iter(rehearsal.effects)
    for record in test.records:
        (name, fields), *_ = record.items()
        if not any(effect.get("effect") == name and _has(effect, fields) for effect in rest):
            came = ", ".join(str(effect.get("effect")) for effect in rehearsal.effects) or "nothing"
            raise NotAsWritten(f"{name} {fields} should be recorded (in this order), but recorded was: {came}")
    recorded = {str(effect.get("effect")) for effect in rehearsal.effects}
    if forbidden := recorded.intersection(test.never_records):
        raise NotAsWritten(f"{', '.join(sorted(forbidden))} should not be recorded")
    for slot, value in test.slots.items():
        if rehearsal.slots.get(slot) != value:
            raise NotAsWritten(f"{slot} should be {value!r} at the end, but is {rehearsal.slots.get(slot)!r}")
    if test.ends is not None and rehearsal.ended != test.ends:
        stands = f"stands on {rehearsal.open_step}" if rehearsal.open_step else f"ended with {rehearsal.ended}"
        raise NotAsWritten(f"it should end with {test.ends}, but {stands}")
    if test.open is not None and rehearsal.open_step != _full(test.open, flow):
        raise NotAsWritten(f"{_full(test.open, flow)} should be asking at the end, but it is {rehearsal.open_step}")


def _full(step: str, flow: str) -> str:
    return step if "/" in step else f"{flow}/{step}"


def _in_order(wanted: Sequence[str], spoke: Sequence[str]) -> bool:
    rest = iter(spoke)
    return all(step in rest for step in wanted)


def _has(effect: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    return all(effect.get(name) == value for name, value in fields.items())


def _texts(reply: Reply) -> Iterator[str]:
    yield reply.text
    yield from (choice.label for choice in reply.choices)
    if reply.media is not None:
        yield reply.media.alt or ""
    for card in reply.cards:
        yield from (text for text in (card.title, card.text, card.button) if text)


def _told(stands: str | None, beat: Beat) -> str:
    # On one line, as a terminal and an editor list failures.
    said = " / ".join(" ".join(reply.text.split()) for reply in beat.replies) or "nothing was said"
    where = f"{stands} did; " if stands else ""
    return f"{where}it was taken as {beat.acted_as or 'nothing'} and answered: {said}"


class _Answers:
    """Answers needs as the test says."""

    def __init__(self, test: TestConversation, content: Content) -> None:
        self._test = test
        self._content = content

    async def __call__(self, need: Need) -> Mapping[str, Any]:
        if need.need == "facts":
            return {**NOTHING_KNOWN["facts"], **self._test.facts.model_dump(mode="json")}
        if need.need == "http":
            answer = self._test.connectors.get(need.connector or "")
            return answer.model_dump(mode="json", by_alias=True) if answer else NOTHING_KNOWN["http"]
        if need.need == "free_times":
            return self._free_times(need)
        if need.need == "hold_time":
            free = need.starts_at in self._test.calendars.get(need.calendar or "", ())
            return {"held": True, "hold": str(need.starts_at)} if free else {"held": False}
        if need.need == "knowledge" and isinstance(need.query, str) and need.query in self._test.knowledge:
            return find_named(self._content, self._test.knowledge[need.query])
        return NOTHING_KNOWN[need.need]

    def _free_times(self, need: Need) -> Mapping[str, Any]:
        free = sorted(self._test.calendars.get(need.calendar or "", ()))
        later = [time for time in free if need.after is None or time > need.after]
        offered = later[: need.count]
        times = [{"starts_at": time.isoformat(), "label": f"{time:%a %-d %b, %H:%M}"} for time in offered]
        return {"times": times, "more": len(later) > len(offered)}
