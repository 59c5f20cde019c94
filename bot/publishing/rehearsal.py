"""Plays a conversation on given flows without a database: nothing is stored, nobody is told, nothing is really done.

Test conversations, replays and the simulator in the terminal stand on it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from base.errors import InvalidInput
from base.ids import new_id
from base.messages import MessageKind
from bot.dialogue import Need, Reply, Timer, TurnMessage, TurnRequest, TurnResult
from bot.facts import with_effects
from bot.turn_shapes import Way

MOST_NEEDS = 8
"""Needs of one turn, as in the platform's own turns."""

AnswerNeed = Callable[[Need], Awaitable[Mapping[str, Any]]]


class NothingToTap(InvalidInput):
    """Nothing can be tapped now."""

    code = "nothing_to_tap"


class Turns(Protocol):
    """Whoever answers turns."""

    async def turn(self, request: TurnRequest) -> TurnResult: ...


@dataclass(frozen=True)
class Scenery:
    """Where and when a rehearsal plays.

    Attributes:
        flows, model: which flows and model answer.
        known: facts of the contact by slot, as the platform would send them.
    """

    flows: str
    model: str
    channel: str
    language: str
    now: datetime
    known: Mapping[str, Any] = field(default_factory=dict)
    subject: str = "rehearsal"


@dataclass(frozen=True)
class Beat:
    """What came of one thing a person did."""

    replies: list[Reply]
    effects: list[dict[str, Any]]
    acted_as: str
    walked: list[Way] = field(default_factory=list)


class Rehearsal:
    """One conversation, from nothing or from a state."""

    def __init__(self, turns: Turns, scenery: Scenery, answer: AnswerNeed, state: dict[str, Any] | None = None) -> None:
        self.scenery = scenery
        self.state = state
        self.now = scenery.now
        self.timer: Timer | None = None
        self.question: Reply | None = None
        self.effects: list[dict[str, Any]] = []
        self.beats: list[Beat] = []
        self._turns = turns
        self._answer = answer
        self._idle = timedelta()

    async def start(self, flow: str | None = None) -> Beat:
        """Opens the talk, with the entry flow or with another."""
        return await self.play("start", value=flow)

    async def say(self, text: str) -> Beat:
        """Types a text."""
        return await self.play("text", text)

    async def tap(self, value: str) -> Beat:
        """Taps a choice of the open question, by value.

        Raises:
            NothingToTap: the last question offers no such choice; the message names those it has.
        """
        offered = _tappable(self.question) if self.question else {}
        if value not in offered or self.question is None:
            raise NothingToTap(f"There is no choice {value} to tap, only: {', '.join(offered) or 'none'}.")
        return await self.play("choice", offered[value], value=value, step=self.question.step)

    async def send_file(self, name: str) -> Beat:
        """Sends a file of this name."""
        return await self.play("file", name, value=str(new_id()))

    async def call_back(self, body: Mapping[str, Any]) -> Beat:
        """Has the other system call back for the step that waits."""
        return await self.play("callback", value=dict(body), step=self.timer.step if self.timer else self._step())

    async def wait(self, time: timedelta) -> Beat:
        """Lets time pass in silence; whatever times out meanwhile happens."""
        replies: list[Reply] = []
        effects: list[dict[str, Any]] = []
        walked: list[Way] = []
        acted_as = "ignored"
        left = time
        while self.timer is not None and timedelta(seconds=self.timer.seconds) <= left:
            timer, passed = self.timer, timedelta(seconds=self.timer.seconds)
            left -= passed
            self._pass(passed)
            self.timer = None
            beat = await self._turn(timer.kind, step=timer.step)
            replies += beat.replies
            effects += beat.effects
            walked += beat.walked
            acted_as = beat.acted_as
        self._pass(left)
        if self.timer is not None:
            self.timer = self.timer.model_copy(update={"seconds": self.timer.seconds - int(left.total_seconds())})
        return self._keep(Beat(replies, effects, acted_as, walked))

    def leave_off(self) -> dict[str, Any]:
        """Where it stands, as JSON: another rehearsal of the same scenery takes it up."""
        return {
            "state": self.state,
            "now": self.now.isoformat(),
            "idle": int(self._idle.total_seconds()),
            "timer": self.timer.model_dump() if self.timer else None,
            "question": self.question.model_dump(mode="json") if self.question else None,
            "effects": self.effects,
        }

    def take_up(self, left: Mapping[str, Any]) -> None:
        """Goes on where one was left off."""
        self.state = left["state"]
        self.now = datetime.fromisoformat(left["now"])
        self.timer = Timer.model_validate(left["timer"]) if left["timer"] else None
        self.question = Reply.model_validate(left["question"]) if left["question"] else None
        self.effects = list(left["effects"])
        self._idle = timedelta(seconds=left["idle"])

    def move_to(self, moment: datetime) -> None:
        """Goes on to a moment, unless it is over."""
        if moment > self.now:
            self._pass(moment - self.now)

    @property
    def ended(self) -> str | None:
        """How the last flow ended; None while one runs."""
        return None if self.state is None else self.state.get("ended")

    @property
    def slots(self) -> dict[str, Any]:
        return {} if self.state is None else dict(self.state.get("slots", {}))

    @property
    def open_step(self) -> str | None:
        """The step that waits, as `flow/step`."""
        return self._step()

    def _step(self) -> str | None:
        stack = self.state.get("stack") if self.state else None
        return f"{stack[-1]['flow']}/{stack[-1]['step']}" if stack else None

    def _pass(self, time: timedelta) -> None:
        self.now += time
        self._idle += time

    async def play(self, kind: MessageKind, text: str = "", value: Any = None, step: str | None = None) -> Beat:
        """Has a message of any kind come in, as it is."""
        beat = self._keep(await self._turn(kind, text, value, step))
        self._idle = timedelta()
        return beat

    def _keep(self, beat: Beat) -> Beat:
        self.beats.append(beat)
        self.effects += beat.effects
        return beat

    async def _turn(self, kind: MessageKind, text: str = "", value: Any = None, step: str | None = None) -> Beat:
        message = TurnMessage(id=str(new_id()), kind=kind, text=text, value=value, step=step)
        result = await self._ask(message)
        replies, effects, walked = list(result.replies), list(result.effects), list(result.walked)
        needs = 0
        while result.need is not None:
            needs += 1
            if needs > MOST_NEEDS:
                raise InvalidInput(
                    f"The flow asks for more than {MOST_NEEDS} things in one turn, at {result.need.step}."
                )
            answer = await self._answer(result.need)
            if result.need.need == "facts":
                answer = with_effects(answer, [*self.effects, *effects])
            answered = message.model_copy(
                update={
                    "kind": "result",
                    "text": text if kind == "text" else "",
                    "value": dict(answer),
                    "step": result.need.step,
                    "need": result.need.need,
                }
            )
            result = await self._ask(answered)
            replies += result.replies
            effects += result.effects
            walked += result.walked
        self.timer = result.timer
        asked = [reply for reply in replies if reply.input]
        self.question = asked[-1] if asked else self.question
        return Beat(replies, effects, str(result.understood.get("acted_as", "")), walked)

    async def _ask(self, message: TurnMessage) -> TurnResult:
        scenery = self.scenery
        result = await self._turns.turn(
            TurnRequest(
                flows=scenery.flows,
                model=scenery.model,
                conversation_id=scenery.subject,
                subject=scenery.subject,
                channel=scenery.channel,
                language=scenery.language,
                now=self.now,
                idle_seconds=int(self._idle.total_seconds()),
                message=message,
                state=self.state,
                facts=dict(scenery.known),
            )
        )
        if result.state is not None:
            self.state = result.state
        return result


def _tappable(question: Reply) -> dict[str, str]:
    """What can be tapped, value and label: the choices, or the numbers of a rating."""
    offered = {choice.value: choice.label for choice in question.choices}
    limits = question.limits
    if question.input == "rating" and limits and limits.lowest is not None and limits.highest is not None:
        offered |= {str(number): str(number) for number in range(limits.lowest, limits.highest + 1)}
    return offered
