"""Counts a set of contacts and writes what changed, in one statement: entries, sums, totals. Decides nothing.

What stays as it was keeps the turn or event it came from. What is new without either came with the latest event.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    delete,
    func,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from base.row_sets import given_rows, rows_of
from base.tables import table_of
from crm.contacts.models import Contact
from crm.contacts.rules import stages_before
from crm.scoring.counting import Counted, count, everybody, now_parameter
from crm.scoring.entries import NEARLY
from crm.scoring.models import ContactScores, ScoreEntry
from crm.scoring.rules import TOTAL, ScoreBook
from crm.timeline.models import TimelineEvent

_CONTACTS, _SCORES, _ENTRIES = table_of(Contact), table_of(ContactScores), table_of(ScoreEntry)
_TOLD = ("score", "cap_group", "points", "half_life", "valued_at", "reason")
"""Not what they came from: the same points for the same reason are the same."""


@lru_cache(maxsize=64)
def write(wheres: str, *, alone: bool = False, counts_behaviour: bool = True) -> Select[Any]:
    """The statement; `wheres` is from `counting.wheres_key`, and it is executed with `counting.given`, `everybody`, the
    number of the book (`number`) and the turn that made it necessary (`message_id`).

    Of one person (`alone`) it takes `counting.given_alone` in place of `everybody`. Whether what they did is counted
    (`counts_behaviour`) is no parameter: in a talk, where it is not, PostgreSQL would plan anew each time.

    It gives of everybody: `stage`, the total that was told of last (`was`), and the new `total`; of whom a threshold
    of the book (`thresholds`) concerns, the new `scores`, too.
    """
    counted = count(wheres, alone=alone, counts_behaviour=counts_behaviour)
    before = _before(alone=alone)
    outcome = _outcome(before, counted.sums, counts_behaviour=counts_behaviour)
    differing = _differing(counted)
    told = func.coalesce(cast(before.c.scores[TOTAL].astext, Integer()), 0)
    return (
        select(
            outcome.c.id,
            before.c.stage,
            case((before.c.scores.is_(None), before.c.score), else_=told).label("was"),
            outcome.c.total,
            case((_may_reach(before, outcome), outcome.c.scores)).label("scores"),
        )
        .select_from(outcome.join(before, before.c.id == outcome.c.id))
        .order_by(outcome.c.id)
        .add_cte(
            _taken_back(differing), _changed(differing, alone=alone), _new(differing), _stored_sums(before, outcome)
        )
        .add_cte(_stored_totals(before, outcome, alone=alone))
    )


def thresholds_of(book: ScoreBook) -> dict[str, str]:
    """The parameter of the thresholds."""
    rows = [
        {"score": one.score, "at_least": one.at_least, "ahead_of": list(stages_before(one.stage))}
        for one in book.stages
    ]
    return rows_of(rows, parameter="thresholds")


def _may_reach(before: CTE, outcome: CTE) -> ColumnElement[bool]:
    """Whether a threshold of a stage ahead of theirs is reached; which of them counts is for `reaching`."""
    columns = {"score": Text(), "at_least": Integer(), "ahead_of": ARRAY(Text())}
    one = given_rows(columns, name="thresholds", parameter="thresholds")
    enough = cast(outcome.c.scores[one.c.score].astext, Integer()) >= one.c.at_least
    return select(one.c.score).where(enough, before.c.stage == any_(one.c.ahead_of)).correlate(before, outcome).exists()


def _before(*, alone: bool) -> CTE:
    # Named twice: the planner does not see that what holds for the one holds for the other, and would read all scores.
    own = and_(_SCORES.c.contact_id == _CONTACTS.c.id, everybody(_SCORES.c.contact_id, alone=alone))
    return (
        select(
            _CONTACTS.c.id, _CONTACTS.c.stage, _CONTACTS.c.score, *(_SCORES.c[name] for name in ("scores", "due_at"))
        )
        .add_columns(_SCORES.c.book)
        .select_from(_CONTACTS.outerjoin(_SCORES, own))
        .where(everybody(_CONTACTS.c.id, alone=alone))
        .cte("before")
    )


def _outcome(before: CTE, sums: CTE, *, counts_behaviour: bool) -> CTE:
    """What everybody comes to: who may not be scored has no scores."""
    # When what they did is too long ago is known from when it was counted.
    kept = case((sums.c.id.is_not(None), func.least(sums.c.due_at, before.c.due_at)), else_=sums.c.due_at)
    return (
        select(
            before.c.id,
            func.coalesce(sums.c.total, 0).label("total"),
            func.coalesce(sums.c.scores, text("'{}'::jsonb"), type_=JSONB()).label("scores"),
            (sums.c.due_at if counts_behaviour else kept).label("due_at"),
        )
        .select_from(before.outerjoin(sums, sums.c.id == before.c.id))
        .cte("outcome")
    )


def _differing(counted: Counted) -> CTE:
    """Entries that are not as they should be: new ones without an id, those to be taken back without a rule."""
    stored, wanted = counted.stored, counted.wanted
    same = and_(
        *(stored.c[name].is_not_distinct_from(wanted.c[name]) for name in _TOLD),
        _near(stored.c.amount, wanted.c.amount),
    )
    joined = stored.join(
        wanted, and_(stored.c.contact_id == wanted.c.contact_id, stored.c.rule == wanted.c.rule), full=True
    )
    return (
        select(
            stored.c.id,
            stored.c.event_id.label("came_from"),
            stored.c.message_id.label("said_in"),
            wanted.c.contact_id,
            wanted.c.rule,
            wanted.c.amount,
            wanted.c.event_id,
            *(wanted.c[name] for name in _TOLD),
        )
        .select_from(joined)
        .where(or_(stored.c.id.is_(None), wanted.c.rule.is_(None), not_(same)))
        .cte("differing")
    )


def _near(one: ColumnElement[float], other: ColumnElement[float]) -> ColumnElement[bool]:
    far = func.greatest(func.abs(one), func.abs(other), 1.0) * NEARLY
    return or_(and_(one.is_(None), other.is_(None)), func.coalesce(func.abs(one - other) <= far, False))


def _message_id() -> ColumnElement[Any]:
    return bindparam("message_id", type_=Uuid())


def _taken_back(differing: CTE) -> CTE:
    # As an array: the planner then looks each up by its key, however many it expects.
    gone = func.array(select(differing.c.id).where(differing.c.rule.is_(None)).scalar_subquery())
    return delete(_ENTRIES).where(_ENTRIES.c.id == any_(gone)).cte("taken_back")


def _changed(differing: CTE, *, alone: bool) -> CTE:
    stays = and_(differing.c.event_id.is_(None), _message_id().is_(None))
    return (
        update(_ENTRIES)
        .where(
            everybody(_ENTRIES.c.contact_id, alone=alone),
            _ENTRIES.c.id == differing.c.id,
            differing.c.rule.is_not(None),
        )
        .values(
            {name: differing.c[name] for name in (*_TOLD, "amount")}
            | {
                "event_id": case((stays, differing.c.came_from), else_=differing.c.event_id),
                "message_id": case((stays, differing.c.said_in), (differing.c.event_id.is_(None), _message_id())),
                "created_at": now_parameter(),
            }
        )
        .cte("changed")
    )


def _new(differing: CTE) -> CTE:
    latest = (
        select(TimelineEvent.id)
        # Ids are in the order of writing.
        .where(TimelineEvent.contact_id == differing.c.contact_id, _message_id().is_(None))
        .order_by(TimelineEvent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    names = ["id", "contact_id", "rule", *_TOLD, "amount", "event_id", "message_id", "created_at"]
    rows = select(
        func.uuidv7(),
        differing.c.contact_id,
        differing.c.rule,
        *(differing.c[name] for name in (*_TOLD, "amount")),
        func.coalesce(differing.c.event_id, latest),
        case((differing.c.event_id.is_(None), _message_id())),
        now_parameter(),
    ).where(differing.c.id.is_(None))
    return insert(_ENTRIES).from_select(names, rows).cte("new")


def _stored_sums(before: CTE, outcome: CTE) -> CTE:
    """The sums of whom they are others of than before, and by which book everybody was counted."""
    number = bindparam("number", type_=Integer())
    differ = or_(
        before.c.scores.is_distinct_from(outcome.c.scores),
        before.c.book.is_distinct_from(number),
        before.c.due_at.is_distinct_from(outcome.c.due_at),
    )
    rows = (
        select(outcome.c.id, outcome.c.scores, number, now_parameter(), outcome.c.due_at)
        .select_from(outcome.join(before, before.c.id == outcome.c.id))
        .where(differ)
    )
    statement = insert(_SCORES).from_select(["contact_id", "scores", "book", "counted_at", "due_at"], rows)
    fresh = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["contact_id"],
        set_={
            "scores": fresh.scores,
            "book": fresh.book,
            "due_at": fresh.due_at,
            "counted_at": case((_SCORES.c.scores != fresh.scores, fresh.counted_at), else_=_SCORES.c.counted_at),
        },
    ).cte("stored_sums")


def _stored_totals(before: CTE, outcome: CTE, *, alone: bool) -> CTE:
    return (
        update(_CONTACTS)
        .where(
            everybody(_CONTACTS.c.id, alone=alone),
            _CONTACTS.c.id == outcome.c.id,
            before.c.id == outcome.c.id,
            before.c.score != outcome.c.total,
        )
        .values(score=outcome.c.total)
        .cte("stored_totals")
    )
