"""Steps that have something done: by another system, in the calendar, on the contact, by a journey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from flows.parts import ChoiceValue, Duration, Identifier, Scalar, SlotType, Stage
from flows.steps.base import Question, Says, StepBase

Pointer = Annotated[str, StringConstraints(pattern=r"^(/[^/]*)+$", max_length=200)]
"""A JSON Pointer (RFC 6901) into the answer."""
_SEGMENTS = r"([^\s?#{}/]|\{\{[^{}\r\n]*\}\})([^\s?#{}]|\{\{[^{}\r\n]*\}\})*"
RequestPath = Annotated[str, StringConstraints(pattern=rf"^/({_SEGMENTS})?$", max_length=500)]
"""A path of the connector's own host: two slashes at its beginning would name another."""
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]


class ConnectorCall(StepBase):
    """A call of a connector that the operator has allowed; what is written here never names a host.

    Texts in `path`, `query` and `body` may name values as `{{ name }}`; in the path they are quoted.

    Attributes:
        connector: the name the operator gave it.
        method: how it is called.
        path: what is added to the address of the connector.
        query: what is added after the question mark.
        body: what is sent as JSON.
        save: what to fill from the JSON answer.
        failed: where to go when the call fails or the answer lacks a value to save.
    """

    connector: Identifier
    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    path: RequestPath = "/"
    query: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Scalar] | None = None
    save: dict[Identifier, Pointer] = Field(default_factory=dict)
    failed: Identifier

    def templates(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """List the texts that may name values, each with where in the step it is written."""
        yield ("path",), self.path
        yield from ((("query", name), text) for name, text in self.query.items())
        yield from ((("body", name), text) for name, text in (self.body or {}).items() if isinstance(text, str))

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("failed",), self.failed


class Http(ConnectorCall):
    """Calls a connector that the operator has allowed; a flow never names a host.

    Texts in `path`, `query` and `body` may name slots as `{{ slot }}`; in the path they are quoted.

    Attributes:
        save: slots to fill from the JSON answer.
        callback: hands the other system an address for a later `wait_callback` (field `callback_url` of the body).
    """

    step: Literal["http"]
    callback: bool = False

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from ((("save", slot), slot) for slot in self.save)


class WaitCallback(StepBase):
    """Waits until another system calls back at the address it was given, or the time is over.

    Meanwhile the person may ask things; what they say does not answer this step. Its text, if it has one, is said
    when the waiting begins.

    Attributes:
        timeout: how long to wait.
        timed_out: where to go then.
        save: slots to fill from the JSON that comes.
    """

    says: ClassVar[Says] = "may"
    step: Literal["wait_callback"]
    timeout: Duration = Field(serialization_alias="seconds")
    timed_out: Identifier
    save: dict[Identifier, Pointer] = Field(default_factory=dict)

    @property
    def pauses(self) -> bool:
        return True

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield ("timed_out",), self.timed_out

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from ((("save", slot), slot) for slot in self.save)


class TagStage(StepBase):
    """Tags the contact, takes tags off, moves it to a stage. A stage only goes forward, save to `disqualified`.

    Attributes:
        add, remove: tags to put on and take off.
        stage: where the contact is moved to.
    """

    step: Literal["tag_stage"]
    add: tuple[Tag, ...] = ()
    remove: tuple[Tag, ...] = ()
    stage: Stage | None = None


class BookMeeting(Question):
    """Offers free times of a calendar and books the one chosen; the slot keeps its start (RFC 3339).

    Attributes:
        calendar: the name the operator gave it.
        offer: how many times are offered at once; `later` shows the next ones.
        none_free: where to go when no time is free, the calendar is unknown, or none of the times suits.
        invitation: a slot that keeps the address of the invitation, a file for any calendar.
    """

    slot_type: ClassVar[SlotType] = "meeting"
    step: Literal["book_meeting"]
    calendar: Identifier
    offer: int = Field(default=3, ge=1, le=8)
    none_free: Identifier
    invitation: Identifier | None = None

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from super().filled_slots()
        if self.invitation:
            yield ("invitation",), self.invitation

    @property
    def labelled(self) -> tuple[ChoiceValue, ...]:
        return ("later", "none")

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from super().side_ways()
        yield ("none_free",), self.none_free


class StartJourney(StepBase):
    """Puts the contact into a journey.

    Attributes:
        journey: its name.
    """

    step: Literal["start_journey"]
    journey: Identifier


def find_value(answer: Any, pointer: str) -> Any:
    """Follow a JSON Pointer; give None where nothing stands (RFC 6901)."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(answer, dict):
            answer = answer.get(key)
        elif isinstance(answer, list) and key.isdecimal() and int(key) < len(answer):
            answer = answer[int(key)]
        else:
            return None
    return answer
