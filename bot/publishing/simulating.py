"""Talks with drafts that are not published: answered by the dialogue processes that answer real talks.

The drafts' compiled flows are lent to those under their own version while a turn runs. Nothing is stored, sent or
called; where the talk stands goes to whoever talks and comes back with their next act, sealed, thus unchanged.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from base.clock import Clock
from base.database import Sessions
from base.encryption import KeyProblem, KeyRing
from base.errors import Conflict, InvalidInput, NotFound
from bot.dialogue import DialogueFailed, Need
from bot.knowledge.answering import KnowledgeNeed
from bot.publishing.as_if import answer_as_if
from bot.publishing.contents import NOTHING, find_live
from bot.publishing.draft_checks import DraftChecks
from bot.publishing.faults import PlacedFault, place
from bot.publishing.live import NothingPublished
from bot.publishing.rehearsal import Beat, Rehearsal, Scenery, Turns
from bot.publishing.source import PublishedSource
from flows.content_tree import ContentTree

Act = Callable[[Rehearsal], Awaitable[Beat]]
"""What the person does."""

_COLUMN = "simulations.talk"


class NotOurTalk(InvalidInput):
    """This talk was not given by us, or to somebody else: begin anew."""

    code = "not_our_talk"


class NotPlayable(Conflict):
    """The draft has problems that keep it from being talked with; mend those first."""

    code = "not_playable"

    def __init__(self, item: str, faults: list[PlacedFault]) -> None:
        first = f" The first: {faults[0].problem}." if faults else ""
        super().__init__(f"{item} has problems that keep it from being talked with; mend those first.{first}")


@dataclass(frozen=True)
class Opening:
    """How a talk begins.

    Attributes:
        item: the flow that it opens with.
        language: the flow's own, unless given.
        known: facts of the contact by slot.
    """

    item: str
    channel: str = "web"
    language: str | None = None
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Played:
    """What came of an act.

    Attributes:
        talk: where the talk stands now, for the next act.
        needs: what steps would have asked of other systems.
        faults: what the checker says of the item.
    """

    talk: str
    rehearsal: Rehearsal
    beat: Beat
    needs: list[Need]
    faults: list[PlacedFault]


@dataclass(frozen=True)
class Simulator:
    """Plays acts."""

    sessions: Sessions
    turns: Turns
    source: PublishedSource
    keys: KeyRing
    clock: Clock
    checks: DraftChecks

    async def play(self, opening: Opening, act: Act, talk: str | None, *, by: UUID) -> Played:
        """Has the person do something; the talk begins when none is given.

        Args:
            by: who talks; nobody else can go on with it.

        Raises:
            NotFound: there is no such flow.
            NotOurTalk: the talk was changed, or is another's.
            NotPlayable: the draft cannot be talked with.
            NothingPublished: there is no model to understand by yet.
            DialogueUnavailable, DialogueFailed: no dialogue process answered.
        """
        left = None if talk is None else self._open(talk, by)
        if left is not None:
            opening = left.opening
        flow = opening.item.partition("/")[2]
        async with self.sessions() as session:
            live = await find_live(session)
            if live == NOTHING:
                raise NothingPublished
            checked = await self.checks.look_playable(session, opening.item)
        faults = [one for one in map(place, checked.looked.faults) if one.item == opening.item]
        compiled = checked.looked.compiled()
        if compiled is None or flow not in compiled["flows"] or compiled["entry_flow"] not in compiled["flows"]:
            raise _why_not(opening.item, checked.tree, faults)
        language = opening.language or str(checked.looked.content.flows[flow].model.language)
        scenery = Scenery(
            str(compiled["version"]), live.model_id, opening.channel, language, self.clock.now(), opening.known,
            subject="simulation",
        )  # fmt: skip
        needs: list[Need] = []
        rehearsal = Rehearsal(self.turns, scenery, self._answers(needs, language))
        if left is not None:
            _take_up(rehearsal, left)
        try:
            with self.source.lending(compiled):
                beat = await act(rehearsal)
        except DialogueFailed as error:
            if faults:
                raise NotPlayable(opening.item, faults) from error
            raise
        return Played(self._seal(opening, rehearsal, by), rehearsal, beat, needs, faults)

    def _answers(self, needs: list[Need], language: str) -> Callable[[Need], Awaitable[Mapping[str, Any]]]:
        articles = KnowledgeNeed(self.sessions)

        async def answer(need: Need) -> Mapping[str, Any]:
            needs.append(need)
            if need.need == "knowledge":
                return await articles.look_up(need, language)
            return answer_as_if(need, self.clock.now())

        return answer

    def _seal(self, opening: Opening, rehearsal: Rehearsal, by: UUID) -> str:
        about = {
            "item": opening.item,
            "channel": opening.channel,
            "language": opening.language,
            "known": dict(opening.known),
        }
        kept = json.dumps({"opening": about, "at": rehearsal.leave_off()}, ensure_ascii=False)
        return base64.urlsafe_b64encode(self.keys.seal(kept, column=_COLUMN, row=by)).decode()

    def _open(self, talk: str, by: UUID) -> _Left:
        try:
            sealed = base64.b64decode(talk.encode("ascii"), altchars=b"-_", validate=True)
            kept = json.loads(self.keys.unseal(sealed, column=_COLUMN, row=by))
            return _Left(Opening(**kept["opening"]), kept["at"])
        except (KeyProblem, binascii.Error, ValueError, KeyError, TypeError) as error:
            raise NotOurTalk from error


@dataclass(frozen=True)
class _Left:
    """A talk as it was left off."""

    opening: Opening
    at: Mapping[str, Any]


def _take_up(rehearsal: Rehearsal, left: _Left) -> None:
    try:
        rehearsal.take_up(left.at)
    except (ValueError, KeyError, TypeError) as error:
        raise NotOurTalk from error  # of an older program


def _why_not(item: str, tree: ContentTree, faults: list[PlacedFault]) -> Exception:
    if item not in tree:
        return NotFound(f"There is no {item}.")
    return NotPlayable(item, faults)
