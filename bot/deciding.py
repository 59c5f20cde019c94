"""Decides a claimed message: asks the dialogue, obtains what it needs, and says what the turn came to.

Changes nothing in the conversation but one thing: a code that was typed takes over the talk it opens, at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import select, update

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import ParleyError
from bot.begun import BEGUN_BY
from bot.carrier_words import HELP, REOPEN, read_stop, read_word, scope_of, stop_effect
from bot.claims import Claim, keep
from bot.dialogue import (
    DialogueFailed,
    DialogueUnavailable,
    RasaDialogue,
    Reply,
    Timer,
    TurnMessage,
    TurnRequest,
)
from bot.facts import is_stopped, read_known, with_effects
from bot.handoff.asking import asks_for_person
from bot.handoff.ratings import is_rating
from bot.handoff.words import words_of
from bot.models import Conversation, Message
from bot.moving import move_by_code
from bot.opt_out_effects import may_reopen
from bot.ports import Live, LiveFlows, Needs
from bot.resume_codes import MOST_TRIES, TRIED, CodeNotValid, count_tries, find_code
from bot.stopping import close_state, is_stopped_state
from bot.talk_language import choose_language, follow_language, name_languages
from bot.turn_figures import note_turn
from bot.turn_shapes import Way
from bot.understanding.gaps import SeenGap, is_about_rights, read_gap
from crm.consent.opt_out import OptOut
from crm.consent.opting_out import is_stopped_already
from crm.contacts.service import speaks_for_contact
from flows.wording import render

log = structlog.get_logger(__name__)

MOST_NEEDS = 8
"""Needs of one turn."""

STOP_PATIENCE = 2.0
"""Seconds that an opt-out waits for the dialogue to close its flows itself, before they are closed here."""

Wording = Callable[[str, str, str], str]
"""What the platform itself says: by the name of a pattern, the language and the channel."""

SILENCES = ("no_reply", "timed_out")
"""Kinds of messages by which the platform says that nobody wrote."""


class FlowsBehind(DialogueUnavailable):
    """This process has not seen the flows yet that the conversation was last answered with."""

    code = "flows_behind"


class ClaimLost(Exception):
    """Another process has the conversation now: what was decided here must not count."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a turn came to. A state or publication of None stays as it was.

    `claim` is the one it was decided for, as it stands now; `needs` is what was obtained meanwhile, for replays; `gap`
    says that the text was not understood; `walked` are the ways that were taken, for figures of the flow.
    """

    claim: Claim
    state: dict[str, Any] | None
    replies: list[Reply]
    effects: list[dict[str, Any]]
    publication: int | None = None
    timer: Timer | None = None
    debounce: float = 0
    needs: list[dict[str, Any]] = field(default_factory=list)
    gap: SeenGap | None = None
    walked: list[Way] = field(default_factory=list)


class Decider:
    """Decides turns."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        dialogue: RasaDialogue,
        live: LiveFlows,
        needs: Needs,
        keys: KeyRing,
        clock: Clock,
        wording: Wording,
    ) -> None:
        self._sessions = sessions
        self._dialogue = dialogue
        self._live = live
        self._needs = needs
        self._keys = keys
        self._clock = clock
        self._wording = wording

    async def decide(self, claim: Claim) -> Decided | None:
        """The turn's result; None when the bot stays silent, because a person has the talk or it is over.

        Raises:
            DialogueUnavailable: the message must wait.
            DialogueFailed: no usable answer.
            ClaimLost: it is another process's turn now.
        """
        if (stop := read_stop(claim)) is not None:
            return await self._stop(claim, stop)
        if (answered := await self._answer_word(claim)) is not None:
            return answered
        if claim.status != "open" or (claim.kind == "start" and is_stopped_state(claim.state)):
            return None
        if claim.kind in SILENCES and await self._is_stopped(claim):
            # They opted out by another way: the flow ends here, and their silence is not answered.
            return Decided(claim, close_state(claim.state), [], [])
        claim = await self._try_code(claim)
        if claim.status != "open":
            return None
        facts = await self._known(claim)
        live = await self._find_live(claim)
        claim, first = self._follow_language(claim, live)
        message = TurnMessage(
            id=str(claim.message_id),
            kind=claim.kind,
            text="" if claim.kind == "resume" else claim.text,
            value=claim.data.get("value"),
            step=claim.data.get("step"),
        )
        decided = await self._ask(claim, live, message, facts)
        return replace(decided, replies=[*first, *decided.replies]) if first else decided

    def _follow_language(self, claim: Claim, live: Live) -> tuple[Claim, list[Reply]]:
        """The claim in the language to answer in, and what is said first when the content does not have theirs."""
        if claim.kind != "text":
            return replace(claim, language=choose_language(claim.language, live.languages)), []
        followed = follow_language(
            claim.language, claim.language_from, claim.text, live.languages, first_words=claim.state is None
        )
        spoken = replace(claim, language=followed.language, language_from=followed.known_from)
        text = self._wording("language_not_spoken", followed.language, claim.channel) if followed.unspoken else ""
        text = render(text, {"languages": name_languages(live.languages, followed.language)})
        return spoken, [Reply(text=text)] if text else []

    def hand_over(self, claim: Claim, reason: str, *, problem: str | None = None) -> Decided | None:
        """What becomes of a message that could not be answered: a person is asked to take over. The problem is logged.

        Nobody is called because of somebody's silence: then the flow stays where it is. An opt-out is never given up.
        """
        if (stop := read_stop(claim)) is not None:
            return self._stopped(claim, stop)
        note_turn("handed_over")
        log.error(
            "turn_given_up", conversation_id=str(claim.conversation_id), reason=reason, kind=claim.kind, problem=problem
        )
        if claim.kind == "no_reply" or BEGUN_BY in claim.data:
            # They have not said anything that somebody could answer.
            return None
        claim = self._in_their_language(claim)
        return self._handed_off(claim, words_of(claim.language)["away"], reason)

    def hand_over_if_asked(self, claim: Claim) -> Decided | None:
        """While the dialogue is away, who plainly asks for a person gets one at once; None for anybody else."""
        if claim.kind != "text" or claim.status != "open" or not asks_for_person(claim.text):
            return None
        note_turn("handed_over")
        claim = self._in_their_language(claim)
        said = self._wording("handed_off", claim.language, claim.channel)
        return self._handed_off(claim, said or words_of(claim.language)["away"], "asked")

    def _in_their_language(self, claim: Claim) -> Claim:
        try:
            return self._follow_language(claim, self._live.current)[0]
        except ParleyError:
            return claim  # nothing is published: what the talk began in is all that is known

    @staticmethod
    def _handed_off(claim: Claim, said: str, reason: str) -> Decided:
        return Decided(claim, None, [Reply(text=said)], [{"effect": "hand_off", "team": "support", "reason": reason}])

    # The dialogue

    async def _ask(self, claim: Claim, live: Live, message: TurnMessage, facts: dict[str, Any]) -> Decided:
        request = self._request(claim, live, message, facts)
        result = await self._dialogue.turn(request)
        replies, effects, needs = list(result.replies), list(result.effects), list[dict[str, Any]]()
        gap, walked = read_gap(result.understood), list(result.walked)
        while (need := result.need) is not None:
            if len(needs) == MOST_NEEDS:
                raise DialogueFailed(f"The dialogue process asked for more than {MOST_NEEDS} things, at {need.step}.")
            await self._keep(claim)
            # By the first of the pieces: when the turn is done again there may be one more, and another last one.
            attempt_key = f"{claim.pieces[0]}/{need.step}/{len(needs)}"
            answer = await self._needs.answer(claim, need, attempt_key=attempt_key)
            if need.need == "facts":
                answer = _seen(answer, effects)
            needs.append({"step": need.step, "need": need.need, "result": dict(answer)})
            await self._keep(claim)
            answered = message.model_copy(
                update={"kind": "result", "value": dict(answer), "step": need.step, "need": need.need}
            )
            request = request.model_copy(update={"message": answered, "state": result.state})
            result = await self._dialogue.turn(request)
            replies += result.replies
            effects += result.effects
            walked += result.walked
            gap = gap or read_gap(result.understood)
        return Decided(
            claim,
            result.state,
            replies,
            effects,
            publication=live.seq,
            timer=result.timer,
            debounce=result.debounce,
            needs=needs,
            gap=None if is_about_rights(effects) else gap,
            walked=walked,
        )

    def _request(self, claim: Claim, live: Live, message: TurnMessage, facts: dict[str, Any]) -> TurnRequest:
        return TurnRequest(
            flows=live.flows_version,
            model=live.model_id,
            conversation_id=str(claim.conversation_id),
            subject=str(claim.contact_id or claim.conversation_id),
            channel=claim.channel,
            language=claim.language,
            now=self._clock.now().astimezone(_zone(claim.time_zone)),
            zone=getattr(_zone(claim.time_zone), "key", None),
            idle_seconds=_idle_seconds(claim, self._clock.now()),
            message=message,
            state=claim.state,
            facts=facts,
        )

    async def _find_live(self, claim: Claim) -> Live:
        """What is live, and no older than what the conversation's state was written by.

        Raises:
            FlowsBehind: it is older, also after another look.
        """
        live = self._live.current
        if claim.publication is not None and claim.publication > live.seq:
            live = await self._live.refresh()
            if claim.publication > live.seq:
                raise FlowsBehind
        return live

    async def _known(self, claim: Claim) -> dict[str, Any]:
        """What a talk begins with, or goes on with elsewhere."""
        if claim.contact_id is None or claim.kind not in ("start", "resume"):
            return {}
        async with self._sessions() as session:
            return await read_known(
                session, self._keys, contact_id=claim.contact_id, conversation_id=claim.conversation_id
            )

    async def _keep(self, claim: Claim) -> None:
        async with transaction(self._sessions) as session:
            if not await keep(session, claim):
                raise ClaimLost

    # Opting out

    async def _stop(self, claim: Claim, stop: OptOut) -> Decided:
        """An opt-out never depends on the dialogue, which is only told."""
        stopped = self._stopped(claim, stop, again=await self._stopped_before(claim, stop))
        if claim.attempts > 1 or not is_stopped_state(stopped.state):
            # Something went wrong with what it said last time: it is not asked again. Or the talk goes on.
            return stopped
        try:
            async with asyncio.timeout(STOP_PATIENCE):
                return await self._close_flows(stopped)
        except Exception as error:  # noqa: BLE001
            # Whatever the matter is, the person is stopped: no fault of the dialogue may come between.
            log.warning("stop_not_told", conversation_id=str(claim.conversation_id), error=type(error).__name__)
            return stopped

    def _stopped(self, claim: Claim, stop: OptOut, *, again: bool = False) -> Decided:
        """What an opt-out comes to. One that leaves this channel open leaves the talk where it is."""
        scope = scope_of(stop)
        closes = scope.closes(claim.channel)
        said = "stopped" if closes else "stopped_scope"
        if again:
            # Confirmed once; only in the chat, where nothing is sent to anybody, silence would look like a fault.
            said = "stopped_already" if claim.channel == "web" else ""
        state = close_state(claim.state) if closes else None
        return Decided(claim, state, self._words_of_ours(claim, said), [stop_effect(stop)])

    def _words_of_ours(self, claim: Claim, pattern: str) -> list[Reply]:
        try:
            text = self._wording(pattern, claim.language, claim.channel) if pattern else ""
        except ParleyError as error:
            # Without a publication there are no words for it, but it holds.
            log.warning("stop_not_said", conversation_id=str(claim.conversation_id), error=error.code)
            text = ""
        return [Reply(text=text)] if text else []

    async def _stopped_before(self, claim: Claim, stop: OptOut) -> bool:
        """Whether this person stopped all of it before; nothing is told of somebody the talk does not speak for."""
        if claim.contact_id is None:
            return False
        async with self._sessions() as session:
            return await speaks_for_contact(
                session, claim.contact_id, claim.conversation_id
            ) and await is_stopped_already(session, claim.contact_id, scope_of(stop), self._clock.now())

    async def _answer_word(self, claim: Claim) -> Decided | None:
        """HELP is answered whatever else holds, and so is a tap on how the help of a person was; START only where it
        has something to lift.
        """
        if is_rating(claim.kind, claim.data):
            return Decided(claim, None, [Reply(text=words_of(claim.language)["rated"])], [{"effect": "rate_handoff"}])
        match read_word(claim):
            case "help":
                return Decided(claim, None, self._words_of_ours(claim, "help_keyword"), [{"effect": HELP}])
            case "start" if claim.contact_id is not None:
                async with self._sessions() as session:
                    if await may_reopen(session, claim.contact_id, claim.conversation_id, claim.channel):
                        said = self._words_of_ours(claim, "started_again")
                        return Decided(claim, None, said, [{"effect": REOPEN}])
        return None

    async def _close_flows(self, stopped: Decided) -> Decided:
        """The same, with the flows ended by the dialogue itself. Nothing else of what it says is believed."""
        claim = stopped.claim
        if claim.state is None or claim.status == "closed":
            return stopped
        live = await self._find_live(claim)
        message = TurnMessage(id=str(claim.message_id), kind="stopped", text="")
        result = await self._dialogue.turn(self._request(claim, live, message, {}))
        if not is_stopped_state(result.state):
            raise DialogueFailed("The dialogue process did not end its flows.")
        ends = [effect for effect in result.effects if effect.get("effect") == "end_flow"]
        return replace(
            stopped,
            state=result.state,
            effects=[*stopped.effects, *ends],
            publication=live.seq,
            walked=list(result.walked),
        )

    async def _is_stopped(self, claim: Claim) -> bool:
        if claim.contact_id is None:
            return False
        async with self._sessions() as session:
            return await is_stopped(session, claim.contact_id, claim.channel)

    # Codes

    async def _try_code(self, claim: Claim) -> Claim:
        """A text that is nothing but a code of another talk becomes the resumption of that talk, here."""
        if claim.kind != "text" or (code := find_code(claim.text)) is None:
            return claim
        async with transaction(self._sessions) as session:
            if not await keep(session, claim):
                raise ClaimLost
            if await count_tries(session, claim.conversation_id) >= MOST_TRIES:
                return claim
            typed = update(Message).where(Message.id == claim.message_id)
            try:
                async with session.begin_nested():
                    await move_by_code(session, self._keys, code, into=claim.conversation_id, now=self._clock.now())
            except CodeNotValid:
                await session.execute(typed.values(data=Message.data.op("||")({TRIED: True})))
                return claim
            # The message is one from here on: the turn done again must not find the code used up.
            await session.execute(typed.values(kind="resume"))
            moved = await session.execute(select(*_MOVED).where(Conversation.id == claim.conversation_id))
        return replace(claim, kind="resume", **moved.mappings().one())


_MOVED = (
    Conversation.state,
    Conversation.publication,
    Conversation.language,
    Conversation.status,
    Conversation.contact_id,
    Conversation.time_zone,
)


def _seen(facts: Mapping[str, Any], effects: list[dict[str, Any]]) -> dict[str, Any]:
    try:
        return with_effects(facts, effects)
    except (KeyError, TypeError, ValueError) as error:
        raise DialogueFailed("The dialogue process gave effects that cannot be read.") from error


def _zone(name: str | None) -> ZoneInfo | Any:
    if name:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass  # a visitor's browser named it; it may be anything
    return UTC


def _idle_seconds(claim: Claim, now: datetime) -> int:
    if claim.spoke_before_at is None:
        return 0
    return max(0, int((min(claim.received_at, now) - claim.spoke_before_at).total_seconds()))
