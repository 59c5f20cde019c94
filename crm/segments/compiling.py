"""A segment's rule as SQL over contacts. Values are bound; no name of a rule becomes SQL text.

The same rule is compiled two ways: to look up one contact, or a few thousand, and to count all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Float,
    FromClause,
    Interval,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on

from base.json_values import Truth, Value
from crm.consent.rules import ALL
from crm.contacts.models import Contact, ContactPoint
from crm.scoring.models import ContactScores
from crm.segments.comparing import compare_fact, compare_property, date_of, number_in
from crm.segments.models import SegmentConsent, SegmentMember, SegmentPerson, SegmentVector
from crm.segments.neighbours import conversations, gaps, messages
from crm.segments.tree import (
    TOTAL,
    AddressCondition,
    AllOf,
    AnyOf,
    ConsentCondition,
    DateCondition,
    EventCondition,
    FactCondition,
    InSegment,
    NearText,
    Node,
    Not,
    ScoreCondition,
    SegmentTree,
    TagCondition,
)
from crm.timeline.models import TimelineEvent

Moment = datetime | ColumnElement[datetime]


def compile_tree(tree: SegmentTree, now: Moment) -> Truth:
    """Whether a contact is in a segment of this rule: true or false, never null, in a statement over `Contact`.

    For one contact or a few thousand: each is looked up by indexes. Who may not be profiled is in none that profiles.

    Args:
        now: a moment, or a bound parameter for one.
    """
    holds = _Compiler(now, None).compile(tree.root)
    return and_(may_be_segmented(Contact.id.expression), holds) if tree.profiles() else holds


def may_be_segmented(contact_id: Value) -> Truth:
    """Whether the contact was looked at and nothing speaks against sorting it."""
    allowed = SegmentPerson.refusal.is_(None), SegmentPerson.contact_id == contact_id
    return exists(select(SegmentPerson.contact_id).where(*allowed).correlate(contact_id.table))


def compile_node(node: Node, now: Moment) -> Truth:
    """One condition, or several joined, in the same way, without regard to who may be profiled."""
    return _Compiler(now, None).compile(node)


def compile_leaf(leaf: Node, now: Moment, contact_id: Value) -> Truth:
    """A single condition about rows of other tables, or the opposite of one, for a contact of a statement's row."""
    return _Compiler(now, None, contact_id).compile(leaf)


def compile_joined(nodes: Sequence[Node], now: Moment, source: FromClause) -> tuple[FromClause, Truth]:
    """Conditions joined in any way, over many contacts: what they ask of other tables are sets, each found once.

    Args:
        source: what is selected from, with the contacts in it.

    Returns:
        The same with all sets joined to it, and what is true of a row of that.
    """
    compiler = _Compiler(now, [])
    holds = and_(true(), *map(compiler.compile, nodes))
    for found in compiler.sets or ():
        source = source.outerjoin(found, found.c.contact_id == Contact.id)
    return source, holds


def earlier(now: Moment, length: timedelta) -> ColumnElement[datetime]:
    """So long before now."""
    if isinstance(now, datetime):
        return literal(now - length, DateTime(timezone=True))
    return cast(now - literal(length, Interval()), DateTime(timezone=True))


def text_sha256(text: str) -> bytes:
    """What a text that something is to be near to is known by."""
    return sha256(text.encode()).digest()


def events_of(condition: EventCondition, now: Moment) -> list[Truth]:
    """What an event must fulfil to be counted, whoever it is about."""
    wanted: list[Truth] = [TimelineEvent.kind == condition.event]
    if condition.in_last is not None:
        wanted.append(TimelineEvent.occurred_at > earlier(now, condition.in_last.length))
    if condition.since is not None:
        wanted.append(TimelineEvent.occurred_at >= condition.since)
    if condition.until is not None:
        wanted.append(TimelineEvent.occurred_at < condition.until)
    wanted += [compare_property(one) for one in condition.where]
    return wanted


@dataclass(frozen=True)
class _Compiler:
    now: Moment
    sets: list[Subquery] | None
    """Where sets are gathered that contacts are joined to; None: each contact is looked up."""
    contact_id: Value = field(default_factory=lambda: Contact.id.expression)

    def compile(self, node: Node) -> Truth:
        return self._WAYS[type(node)](self, node)

    def _all(self, node: AllOf) -> Truth:
        return and_(true(), *map(self.compile, node.all))

    def _any(self, node: AnyOf) -> Truth:
        return or_(false(), *map(self.compile, node.any))

    def _not(self, node: Not) -> Truth:
        return not_(self.compile(node.negated))

    def _fact(self, node: FactCondition) -> Truth:
        return compare_fact(node)

    def _tag(self, node: TagCondition) -> Truth:
        return Contact.tags.expression.contains([node.tag])

    def _segment(self, node: InSegment) -> Truth:
        members = select(SegmentMember.contact_id).where(SegmentMember.segment_id == node.segment)
        return self._among(members, SegmentMember.contact_id, once=True)

    def _among(self, found: Select[Any], contact_id: Any, *, once: bool = False) -> Truth:
        """Whether the contact is one of those found, where each is found `once`, or maybe several times."""
        if self.sets is None:
            return exists(found.where(contact_id == self.contact_id).correlate(self.contact_id.table))
        as_set = (found if once else found.distinct()).subquery()
        self.sets.append(as_set)
        return as_set.c.contact_id.is_not(None)

    def _date(self, node: DateCondition) -> Truth:
        return func.coalesce(self._compare_date(node), false())

    def _compare_date(self, node: DateCondition) -> Truth:
        moment, days = date_of(node.date), timedelta(days=node.days or 0)
        now = earlier(self.now, timedelta())
        match node.is_:
            case "in_next":
                return and_(moment > now, moment <= earlier(self.now, -days))
            case "in_last":
                return and_(moment <= now, moment > earlier(self.now, days))
            case "at_least_ago":
                return moment <= earlier(self.now, days)
            case "at_least_ahead":
                return moment > earlier(self.now, -days)
        assert node.day is not None  # the model checks it
        day = datetime.combine(node.day, time(), UTC)
        return moment < day if node.is_ == "before" else moment >= day

    def _event(self, node: EventCondition) -> Truth:
        wanted = [*events_of(node, self.now), TimelineEvent.contact_id.is_not(None)]
        if node.count == 0:
            return not_(self._among(select(TimelineEvent.contact_id).where(*wanted), TimelineEvent.contact_id))
        if node.times == "at_least" and node.count == 1:
            return self._among(select(TimelineEvent.contact_id).where(*wanted), TimelineEvent.contact_id)
        if self.sets is None:
            return self._counted(node, wanted)
        number = func.count()
        by_contact = select(TimelineEvent.contact_id).where(*wanted).group_by(TimelineEvent.contact_id)
        if node.times == "at_most":
            return not_(self._among(by_contact.having(number > node.count), TimelineEvent.contact_id, once=True))
        often = number >= node.count if node.times == "at_least" else number == node.count
        return self._among(by_contact.having(often), TimelineEvent.contact_id, once=True)

    def _counted(self, node: EventCondition, wanted: list[Truth]) -> Truth:
        # No more is read than decides: somebody may have a long history.
        enough = node.count + (node.times != "at_least")
        some = select(literal(1)).where(*wanted, TimelineEvent.contact_id == self.contact_id).limit(enough)
        number = select(func.count()).select_from(some.correlate(self.contact_id.table).subquery()).scalar_subquery()
        if node.times == "at_least":
            return number >= node.count
        return number <= node.count if node.times == "at_most" else number == node.count

    def _score(self, node: ScoreCondition) -> Truth:
        compare = _AMOUNTS[node.op]
        if node.score == TOTAL:
            return compare(Contact.score.expression, node.value)
        points = number_in(ContactScores.scores[node.score])
        held = compare(points, node.value)
        found = self._among(select(ContactScores.contact_id).where(held), ContactScores.contact_id, once=True)
        if not (node.value <= 0 if node.op == "at_least" else node.value >= 0):
            return found
        # Nothing known is 0 points.
        some = select(ContactScores.contact_id).where(not_(held))
        return not_(self._among(some, ContactScores.contact_id, once=True))

    def _consent(self, node: ConsentCondition) -> Truth:
        exact = and_(SegmentConsent.purpose == node.consent, SegmentConsent.channel == node.channel)
        about = and_(SegmentConsent.purpose.in_([node.consent, ALL]), SegmentConsent.channel.in_([node.channel, ALL]))
        ids = select(SegmentConsent.contact_id)
        now = earlier(self.now, timedelta())
        runs = or_(SegmentConsent.valid_until.is_(None), SegmentConsent.valid_until > now)
        given = SegmentConsent.state == "given"
        match node.is_:
            # Only what names its purpose and channel is ever given, or runs out.
            case "given":
                return self._among(ids.where(exact, given, runs), SegmentConsent.contact_id, once=True)
            case "expired":
                over = or_(SegmentConsent.state == "expired", and_(given, SegmentConsent.valid_until <= now))
                return self._among(ids.where(exact, over), SegmentConsent.contact_id, once=True)
            case "none":
                return not_(self._among(ids.where(about), SegmentConsent.contact_id))
        return self._denied(node, about, exact)

    def _denied(self, node: ConsentCondition, about: Truth, exact: Truth) -> Truth:
        """What names the very purpose and channel decides; else the last no that takes them in."""
        first = (exact.desc(), SegmentConsent.seq.desc())
        if self.sets is None:
            own = (
                select(SegmentConsent.state)
                .where(about, SegmentConsent.contact_id == self.contact_id)
                .order_by(*first)
                .limit(1)
                .correlate(self.contact_id.table)
            )
            return func.coalesce(own.scalar_subquery() == node.is_, false())
        last = (
            select(SegmentConsent.contact_id, SegmentConsent.state)
            .where(about)
            .ext(distinct_on(SegmentConsent.contact_id))
            .order_by(SegmentConsent.contact_id, *first)
            .subquery()
        )
        denied = select(last.c.contact_id).where(last.c.state == node.is_)
        return self._among(denied, last.c.contact_id, once=True)

    def _address(self, node: AddressCondition) -> Truth:
        points = select(ContactPoint.contact_id).where(ContactPoint.kind == node.address)
        proven = self._among(points.where(ContactPoint.verified_at.is_not(None)), ContactPoint.contact_id)
        if node.verified:
            return proven
        known = self._among(points, ContactPoint.contact_id)
        return known if node.verified is None else and_(known, not_(proven))

    def _near(self, node: NearText) -> Truth:
        wanted = SegmentVector.text_sha256 == text_sha256(node.near)
        # Vectors of two encoders may differ in length, and then cannot be compared at all.
        nearness = case(
            (SegmentVector.encoder == gaps.c.encoder, 1 - gaps.c.embedding.cosine_distance(SegmentVector.embedding))
        )
        said = (
            select(conversations.c.contact_id)
            .select_from(gaps)
            .join(messages, messages.c.id == gaps.c.message_id)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .join(SegmentVector, wanted)
            .where(nearness >= literal(node.at_least, Float()), conversations.c.contact_id.is_not(None))
        )
        return self._among(said, conversations.c.contact_id)

    _WAYS: ClassVar[Mapping[type, Callable[[Any, Any], Truth]]] = {
        AllOf: _all,
        AnyOf: _any,
        Not: _not,
        FactCondition: _fact,
        TagCondition: _tag,
        DateCondition: _date,
        EventCondition: _event,
        ScoreCondition: _score,
        ConsentCondition: _consent,
        AddressCondition: _address,
        InSegment: _segment,
        NearText: _near,
    }


_AMOUNTS: Mapping[str, Callable[[Value, int], Truth]] = {
    "at_least": lambda found, value: found >= value,
    "at_most": lambda found, value: found <= value,
}
