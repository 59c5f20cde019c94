"""When time alone may next change whether a contact is in a segment, as SQL over contacts. Compiles no rule.

Each condition tells the next moment after now at which its own answer can flip while nothing happens; the earliest of
these is when the contact is to be looked at again. That may turn out to be too early, never too late.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, DateTime, Interval, and_, case, cast, func, literal, select

from crm.contacts.models import Contact
from crm.segments.comparing import date_of
from crm.segments.compiling import Moment, earlier, events_of
from crm.segments.models import SegmentConsent
from crm.segments.tree import ConsentCondition, DateCondition, EventCondition, Node, SegmentTree
from crm.timeline.models import TimelineEvent

Due = ColumnElement[datetime]
_FAR = datetime(9000, 1, 1, tzinfo=UTC)
"""What is due later than this is not due."""


def next_change(tree: SegmentTree, now: Moment) -> Due | None:
    """The moment, null for a contact to whom none applies; None when time never changes anything of the rule."""
    found = [due for leaf in tree.leaves() for due in _of(leaf, now)]
    if not found:
        return None
    # LEAST leaves nulls out.
    return func.least(*found, type_=DateTime(timezone=True)) if len(found) > 1 else found[0]


def _of(leaf: Node, now: Moment) -> list[Due]:
    match leaf:
        case EventCondition() if leaf.in_last is not None:
            return [_of_events(leaf, now, leaf.in_last.length)]
        case DateCondition():
            return _of_date(leaf, now)
        case ConsentCondition():
            return [_of_consent(leaf, now)]
    return []


def _of_events(leaf: EventCondition, now: Moment, length: timedelta) -> Due:
    """When the event leaves the window with which the count crosses the number."""

    def leaves(after_newest: int) -> Due:
        newest = select(TimelineEvent.occurred_at).where(*events_of(leaf, now), TimelineEvent.contact_id == Contact.id)
        one = newest.order_by(TimelineEvent.occurred_at.desc()).offset(after_newest).limit(1).correlate(Contact)
        return cast(one.scalar_subquery() + literal(length, Interval()), DateTime(timezone=True))

    match leaf.times:
        case "at_least":
            return leaves(leaf.count - 1)
        case "at_most":
            return leaves(leaf.count)
    if leaf.count == 0:
        return leaves(0)
    return func.coalesce(leaves(leaf.count), leaves(leaf.count - 1), type_=DateTime(timezone=True))


def _of_date(leaf: DateCondition, now: Moment) -> list[Due]:
    moment = date_of(leaf.date)
    days = literal(timedelta(days=leaf.days or 0), Interval())
    flips = {
        "in_next": [moment - days, moment],
        "in_last": [moment, moment + days],
        "at_least_ago": [moment + days],
        "at_least_ahead": [moment - days],
    }.get(leaf.is_, [])
    present = earlier(now, timedelta())
    return [cast(case((and_(flip > present, flip < _FAR), flip)), DateTime(timezone=True)) for flip in flips]


def _of_consent(leaf: ConsentCondition, now: Moment) -> Due:
    ends = select(SegmentConsent.valid_until).where(
        SegmentConsent.contact_id == Contact.id,
        SegmentConsent.purpose == leaf.consent,
        SegmentConsent.channel == leaf.channel,
        SegmentConsent.state == "given",
        SegmentConsent.valid_until > earlier(now, timedelta()),
    )
    return cast(ends.correlate(Contact).scalar_subquery(), DateTime(timezone=True))
