"""`converse`: a flow as a step. Begins it where the gate allows, waits for days, goes on by how it ended.

It may end on another channel than it began on: what counts is that this person ended this flow. The bot leads the talk
(`ports.Talks`); here it is begun and waited for. Sends nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Text, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from base.nested_rows import asked_ids
from crm.contacts.models import Contact
from crm.timeline.models import TimelineEvent
from outreach.decisions import Allow, Defer, Deny
from outreach.drafting import Draft, draft_each, not_later, put_down, refusals_of
from outreach.gatekeeper import Verdict, turn_down
from outreach.models import OutboxMessage
from outreach.neighbours import conversations, messages
from outreach.ports import Opening
from outreach.quarantine import NAME as QUARANTINE
from outreach.quarantine import find_quarantine
from outreach.reach_out import UNCLAIMED, may_leave_yet, withdraw
from outreach.steps.ways import go_on
from outreach.walking import Group, Walker, Work

_log = structlog.get_logger(__name__)

TALK = "_talk"
"""Where the talk under way stands in what an enrolment remembers; no name in a wording begins so."""
NO_REPLY = "no_reply"
_AGAIN = timedelta(minutes=30)
"""When it is tried again to begin where another talk is under way."""
_FAILED = frozenset({"skipped", "failed", "undelivered", "cancelled"})
_ENDS = ("flow_ended", "opted_out", "handed_off")
"""Kinds of events that end a talk; where one turn brings several, the first of these says how."""
_DOUBTED = "opt_out_doubted"


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk of a step: the channels it was tried on, and when it began; None while it has not."""

    tried: tuple[str, ...] = ()
    begun_at: datetime | None = None

    @classmethod
    def of(cls, walker: Walker) -> Talk:
        """The one of this arrival."""
        kept = walker.remembered.get(TALK)
        if not isinstance(kept, dict) or kept.get("occurrence") != walker.occurrence:
            return cls()
        begun_at = kept.get("begun_at")
        return cls(tuple(kept["tried"]), None if begun_at is None else datetime.fromisoformat(begun_at))

    def keep(self, walker: Walker) -> None:
        """Stores it with the enrolment."""
        begun_at = None if self.begun_at is None else self.begun_at.isoformat()
        walker.remember({TALK: {"occurrence": walker.occurrence, "tried": list(self.tried), "begun_at": begun_at}})


async def converse(work: Work, group: Group) -> None:
    """Begins with newcomers and where a channel failed; takes on whose talk is over."""
    if work.talks is None:
        _log.error("no_talks_here", journey=group.definition.journey, enrolments=len(group.walkers))
        for walker in group.walkers:
            walker.stay(work.now + _AGAIN)
        return
    talks = {walker.id: Talk.of(walker) for walker in group.walkers}
    talking = [walker for walker in group.walkers if talks[walker.id].begun_at is not None]
    beginning = [walker for walker in group.walkers if talks[walker.id].begun_at is None]
    if talking:
        beginning += await _look(work, group.of(talking), talks)
    if beginning:
        await _begin(work, group.of(beginning), talks)


async def _begin(work: Work, group: Group, talks: Mapping[UUID, Talk]) -> None:
    """On the first channel that was not tried and that the gate does not deny; not before it allows it."""
    assert work.talks is not None
    patience = timedelta(seconds=group.step.seconds)
    drafts = {
        by_channel[0].enrolment_id: [
            draft for draft in by_channel if draft.channel not in talks[by_channel[0].enrolment_id].tried
        ]
        for by_channel in await draft_each(work, group)
    }
    asked = [draft for own in drafts.values() for draft in own]
    verdicts = await work.gatekeeper.ask(work.session, asked, "plan", work.now)
    if group.definition.quiet_hours == "skip":
        verdicts = {outbox_id: not_later(verdict) for outbox_id, verdict in verdicts.items()}
    await _keep_refusals(work, asked, verdicts)
    languages = await _read_languages(work, group)
    openings = {
        walker.id: [
            _opening(group, draft, languages.get(walker.contact_id, "en"))
            for draft in drafts.get(walker.id, [])
            if isinstance(verdicts[draft.id].decision, Allow)
        ]
        for walker in group.walkers
    }
    opened = await _open(work, openings)
    begun = {enrolment_id: opening.channel for enrolment_id, opening in opened.items()}
    begun |= await _begun_then(work, drafts, verdicts)
    for walker in group.walkers:
        talk = talks[walker.id]
        if (channel := begun.get(walker.id)) is not None:
            walker.at = work.now
            Talk((*talk.tried, channel), work.now).keep(walker)
            walker.wait(work.now + patience, work.now)
            continue
        own = [verdicts[draft.id].decision for draft in drafts.get(walker.id, [])]
        is_quarantined = any(isinstance(decision, Defer) and decision.rule == QUARANTINE for decision in own)
        if is_quarantined:
            # Time that runs while nothing can begin is nobody's.
            walker.begun_at = work.now
        again = [decision.until for decision in own if isinstance(decision, Defer)]
        again += [work.now + _AGAIN for decision in own if isinstance(decision, Allow)]
        latest = (walker.begun_at or walker.at) + patience
        if again and (is_quarantined or min(again) <= latest):
            walker.wait(min(again), work.now)
        else:
            walker.go(group.step.unreached)


async def _open(work: Work, openings: Mapping[UUID, Sequence[Opening]]) -> dict[UUID, Opening]:
    """The opening by which each talk was begun: of several that are allowed, the first where nothing is under way."""
    assert work.talks is not None
    begun: dict[UUID, Opening] = {}
    left = {enrolment_id: list(own) for enrolment_id, own in openings.items() if own}
    while left:
        first = {enrolment_id: own.pop(0) for enrolment_id, own in left.items()}
        done = await work.talks.begin(work.session, list(first.values()), work.now)
        begun |= {enrolment_id: one for enrolment_id, one in first.items() if one.occurrence in done}
        left = {enrolment_id: own for enrolment_id, own in left.items() if own and enrolment_id not in begun}
    return begun


async def _begun_then(
    work: Work, drafts: Mapping[UUID, Sequence[Draft]], verdicts: Mapping[UUID, Verdict]
) -> dict[UUID, str]:
    """The channels of talks that were begun between a back-up and its restoring, as far as it can be told here.

    They count as begun, as promotion that was due then counts as sent (`outreach.quarantine`).
    """
    held = {
        enrolment_id: next((one for one in own if not isinstance(verdicts[one.id].decision, Deny)), None)
        for enrolment_id, own in drafts.items()
    }
    channels = {
        enrolment_id: draft.channel
        for enrolment_id, draft in held.items()
        if draft is not None and draft.message_class != "requested" and verdicts[draft.id].decision.rule == QUARANTINE
    }
    if not channels:
        return {}
    quarantine = await find_quarantine(work.session)
    return channels if quarantine is not None and work.now <= quarantine.restored_at else {}


def _opening(group: Group, draft: Draft, language: str) -> Opening:
    return Opening(
        occurrence=draft.occurrence,
        enrolment_id=draft.enrolment_id,
        contact_id=draft.contact_id,
        channel=draft.channel,
        flow=group.step.flow or "",
        purpose=draft.purpose,
        journey=draft.journey,
        step=draft.step,
        language=language,
        conversation_id=draft.conversation_id if draft.channel == "web" else None,
    )


async def _keep_refusals(work: Work, drafts: Sequence[Draft], verdicts: Mapping[UUID, Verdict]) -> None:
    """Each channel that is denied, once, with the reason."""
    refused = [draft for draft in drafts if isinstance(verdicts[draft.id].decision, Deny)]
    added = await put_down(work.session, refused)
    denied = [verdicts[draft.id] for draft in refused if draft.id in added]
    await work.gatekeeper.store(work.session, denied)
    await turn_down(work.session, denied, work.now)
    work.events += refusals_of(refused, denied)


async def _look(work: Work, group: Group, talks: Mapping[UUID, Talk]) -> list[Walker]:
    """Takes on whose talk is over, by its outcome; returns those whom the opening did not reach."""
    patience = timedelta(seconds=group.step.seconds)
    begun = {walker.id: talks[walker.id].begun_at or work.now for walker in group.walkers}
    outcomes = await read_outcomes(work, group, begun)
    heard = await _read_heard(work, group)
    sent = await _read_sent(work, group, talks)
    over: list[Walker] = []
    again: list[Walker] = []
    left: list[UUID] = []
    for walker in group.walkers:
        begun_at = talks[walker.id].begun_at or work.now
        last_at = max(begun_at, heard.get(walker.contact_id, begun_at))
        outcome = outcomes.get(walker.id)
        own = sent.get(walker.id, [])
        if outcome is None and last_at == begun_at and own and all(row.state in _FAILED for row in own):
            again.append(walker)
            continue
        # The patience is begun anew with the step, when a quarantine is lifted.
        over_at = max(last_at, walker.begun_at or last_at) + patience
        if outcome is None and any(map(may_leave_yet, own)):
            over_at = max(over_at, work.now + _AGAIN)
        if outcome is None and over_at > work.now:
            walker.stay(over_at)
            continue
        if outcome is None:
            walker.at = max(walker.at, over_at)
        left += [row.id for row in own if row.state in UNCLAIMED]
        to = group.step.ways.get(outcome or NO_REPLY)
        if to is not None:
            walker.go(to)
        else:
            over.append(walker)
    await withdraw(work, left)
    if over:
        await go_on(work, group.of(over))
    return again


async def read_outcomes(work: Work, group: Group, begun: Mapping[UUID, datetime]) -> dict[UUID, str]:
    """How the talk of each ended, of those whose did since it was begun."""
    given = {"ids": group.contact_ids, "since": min(begun.values())}
    events: dict[UUID, list[Any]] = defaultdict(list)
    for row in await work.session.execute(_EVENTS, given):
        events[row.contact_id].append(row)
    outcomes: dict[UUID, str] = {}
    for walker in group.walkers:
        own = [row for row in events[walker.contact_id] if row.occurred_at >= begun[walker.id]]
        outcome = outcome_of(own, group.step.flow)
        if outcome is not None:
            outcomes[walker.id] = outcome
    return outcomes


def outcome_of(events: Iterable[Any], flow: str | None) -> str | None:
    """How a talk ended, by the events since it began, in their order; None while it goes on."""
    told = [row for row in events if row.kind != "flow_ended" or row.data.get("flow") == flow]
    outcome = _first_end(told)
    # Who says that we have the wrong person is stopped like anybody, and a colleague looks at it.
    wrong = any(row.kind == _DOUBTED and str(row.data.get("rule")).endswith("/wrong_person") for row in told)
    return "wrong_person" if wrong and outcome == "opted_out" else outcome


def _first_end(told: Sequence[Any]) -> str | None:
    for kind in _ENDS:
        for row in told:
            if row.kind != kind:
                continue
            if kind == "flow_ended":
                return str(row.data.get("outcome") or "completed")
            # Who is handed over because they asked wanted a person; else a colleague took over.
            return "opted_out" if kind == "opted_out" else _HANDED.get(row.data.get("reason"), "handed_off")
    return None


_HANDED: Mapping[Any, str] = {"asked": "asked_for_person"}


async def _read_heard(work: Work, group: Group) -> dict[UUID, datetime]:
    """When each wrote to us last, wherever."""
    rows = await work.session.execute(_HEARD, {"ids": group.contact_ids})
    return {row.contact_id: row.at for row in rows}


async def _read_sent(work: Work, group: Group, talks: Mapping[UUID, Talk]) -> dict[UUID, list[Any]]:
    """What was said to each since their talk began and before they answered, where it goes through the outbox."""
    enrolments = literal([walker.id for walker in group.walkers], ARRAY(Contact.id.type))
    contacts = literal(group.contact_ids, ARRAY(Contact.id.type))
    message = OutboxMessage
    columns = (message.id, message.enrolment_id, message.channel, message.state, message.reason_rule)
    rows = await work.session.execute(
        select(*columns, OutboxMessage.created_at).where(
            # By the contact, for which there is an index.
            OutboxMessage.contact_id == any_(contacts),
            OutboxMessage.enrolment_id == any_(enrolments),
            OutboxMessage.step == group.name,
            OutboxMessage.message_id.is_not(None),
        )
    )
    sent: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        talk = Talk() if row.enrolment_id is None else talks[row.enrolment_id]
        if talk.begun_at is not None and row.channel == talk.tried[-1] and row.created_at >= talk.begun_at:
            sent[row.enrolment_id].append(row)
    return sent


async def _read_languages(work: Work, group: Group) -> dict[UUID, str]:
    return {row.id: row.language for row in await work.session.execute(_LANGUAGES, {"ids": group.contact_ids})}


def _events_statement() -> Any:
    asked = asked_ids("ids")
    columns = (TimelineEvent.contact_id, TimelineEvent.kind, TimelineEvent.data, TimelineEvent.occurred_at)
    return (
        select(*columns)
        .join(asked, asked.c.id == TimelineEvent.contact_id)
        .where(
            TimelineEvent.kind == any_(literal([*_ENDS, _DOUBTED], ARRAY(Text()))),
            TimelineEvent.occurred_at >= bindparam("since", type_=Contact.created_at.type),
        )
        .order_by(TimelineEvent.occurred_at, TimelineEvent.id)
    )


def _heard_statement() -> Any:
    asked = asked_ids("ids")
    return (
        select(conversations.c.contact_id, func.max(messages.c.created_at).label("at"))
        .join(messages, messages.c.conversation_id == conversations.c.id)
        .join(asked, asked.c.id == conversations.c.contact_id)
        .where(messages.c.author == "visitor", messages.c.kind != "start")
        .group_by(conversations.c.contact_id)
    )


def _languages_statement() -> Any:
    asked = asked_ids("ids")
    return select(Contact.id, Contact.language).join(asked, asked.c.id == Contact.id)


_EVENTS = _events_statement()
_HEARD = _heard_statement()
_LANGUAGES = _languages_statement()
