"""Counts in SQL what the rules of books give a set of contacts, and what that comes to. Writes nothing.

One statement for any number of contacts and rules: the rules are rows that are given to it, and only the properties
that events must have are part of its text. `sums` says the same in Python, of what was counted before.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    DateTime,
    Double,
    FromClause,
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from base.nested_rows import Ids
from base.row_sets import given_rows, rows_of
from base.tables import table_of
from crm.scoring.behaviour import Wheres, did, left_of_one, quotient
from crm.scoring.conditions import Condition, Facts
from crm.scoring.entries import OF_JOURNEYS
from crm.scoring.models import ScoreEntry
from crm.scoring.ports import LEARNED
from crm.scoring.rules import DAY, TOTAL, Behaviour, Points, PropertyIs, ScoreBook
from crm.scoring.sums import ALMOST_A_POINT, SOONEST

_RULES: Mapping[str, Any] = {
    "book": Integer(),
    "rule": Text(),
    "score": Text(),
    "cap_group": Text(),
    "points": Integer(),
    "reason": Text(),
    "half_life": Integer(),
    "within": Integer(),
    "behaviour": Integer(),
    "condition": Integer(),
}
_SCORES: Mapping[str, Any] = {"book": Integer(), "name": Text(), "caps": JSONB(), "of_talks": Boolean()}
_EXTRAS: Mapping[str, Any] = {
    "contact_id": Uuid(),
    "rule": Text(),
    "points": Integer(),
    "reason": Text(),
    "score": Text(),
}


@dataclass
class Asked:
    """The rules of books, the way a statement is asked them: what two of them share is counted once.

    `conditions` are those of facts; how they hold for somebody is told by `held`.
    """

    books: Sequence[ScoreBook]
    conditions: list[Condition] = field(default_factory=list)
    behaviours: list[tuple[Behaviour, int | None]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        places: dict[str, int] = {}
        for number, book in enumerate(self.books):
            for rule in book.rules:
                half_life = None if rule.half_life is None else max(round(rule.half_life * DAY), 1)
                row = {
                    "book": number,
                    "rule": rule.id,
                    "score": rule.score,
                    "cap_group": rule.group,
                    "points": rule.points,
                    "reason": rule.reason,
                    "half_life": half_life,
                    "within": None if rule.did is None else rule.did.within,
                    "behaviour": None,
                    "condition": None,
                }
                if rule.did is not None:
                    key = f"{half_life} {rule.did.model_dump_json()}"
                    if key not in places:
                        self.behaviours.append((rule.did, half_life))
                        places[key] = len(self.behaviours)
                    row["behaviour"] = places[key]
                elif rule.when is not None:
                    key = rule.when.model_dump_json()
                    if key not in places:
                        self.conditions.append(rule.when)
                        places[key] = len(self.conditions)
                    row["condition"] = places[key]
                self.rules.append(row)

    @cached_property
    def unchanging(self) -> Mapping[str, str]:
        """The parameters of a statement with `Counted` that are the same at any moment and of anybody."""
        scores = [
            {"book": number, "name": name, "caps": one.caps, "of_talks": name == book.talk_score}
            for number, book in enumerate(self.books)
            for name, one in book.scores.items()
        ]
        return {**rows_of(self.rules, parameter="rules"), **rows_of(scores, parameter="scores")}

    @cached_property
    def facts(self) -> frozenset[str]:
        """The names of the facts that are asked."""
        return frozenset[str]().union(*(condition.names() for condition in self.conditions))

    @property
    def wheres(self) -> Wheres:
        return {number: one.where for number, (one, _) in enumerate(self.behaviours, 1)}

    def held(self, facts: Facts) -> str:
        """A digit for each condition: 1 when it holds."""
        return "".join("1" if condition.holds(facts) else "0" for condition in self.conditions)


def given(asked: Asked, held: Mapping[UUID, str], now: datetime) -> dict[str, Any]:
    """The parameters of a statement with `Counted`.

    Args:
        held: of each who may be scored, which conditions hold.
    """
    behaviours = [
        {
            "number": number,
            "kind": one.event,
            "since": "-infinity" if one.within is None else now - timedelta(days=one.within),
            "at_least": one.at_least,
            "at_most": one.at_most,
            "once": int(one.times == "once"),
            "half_life": half_life,
        }
        for number, (one, half_life) in enumerate(asked.behaviours, 1)
    ]
    return {
        "now": now,
        "judged": list(held),
        "held": list(held.values()),
        **rows_of(behaviours, parameter="behaviours"),
        **asked.unchanging,
        **given_extras([]),
    }


def given_alone(contact_id: UUID, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a statement about one person takes in place of `everybody`; `parameters` are `given` about them."""
    judged, held = (next(iter(parameters[name]), None) for name in ("judged", "held"))
    return {"only": contact_id, "only_judged": judged, "only_held": held}


def given_extras(extras: Iterable[tuple[UUID, Points]]) -> dict[str, str]:
    """The parameter of points that neither rules nor what is stored gives: why somebody has none, what was learned."""
    rows = [
        {"contact_id": who, "rule": one.rule, "points": one.points, "reason": one.reason, "score": one.score}
        for who, one in extras
    ]
    return rows_of(rows, parameter="extras")


class Counted(NamedTuple):
    """Parts of a statement.

    `stored` are the entries of everybody who is named (`:everybody`), `wanted` those they should have, by the number of
    the `book`; `sums` says of all `:judged` what that comes to: `scores`, their `total`, and when to count again.
    """

    stored: CTE
    wanted: CTE
    sums: CTE


def everybody(column_: Any, *, alone: bool = False) -> ColumnElement[bool]:
    """Whether a column names somebody the statement is asked about.

    Args:
        alone: it is asked about one. PostgreSQL expects ten when it plans for any set, so that a plan for just this one
            looked cheaper and was made anew each time, which takes as long as counting.
    """
    names = bindparam("only", type_=Uuid()) if alone else any_(bindparam("everybody", type_=Ids()))
    named: ColumnElement[bool] = column_ == names
    return named


def _people(*, alone: bool) -> FromClause:
    """Who may be scored, and which conditions of facts hold for each."""
    if alone:
        judged = bindparam("only_judged", type_=Uuid())
        held = bindparam("only_held", type_=Text()).label("held")
        return select(judged.label("id"), held).where(judged.is_not(None)).subquery("people")
    judged_and_held = func.unnest(bindparam("judged", type_=Ids()), bindparam("held", type_=ARRAY(Text())))
    return judged_and_held.table_valued(column("id", Uuid()), column("held", Text()), name="people").render_derived()


async def plan_for_sets(session: AsyncSession) -> None:
    """Until the transaction ends, statements are planned for the very sets they are given.

    After some uses PostgreSQL plans for any set and expects ten people, which takes twice as long with a thousand.
    """
    await session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def now_parameter() -> ColumnElement[Any]:
    return bindparam("now", type_=DateTime(timezone=True))


def wheres_key(asked: Asked) -> str:
    """What tells apart the statements of different books: only the properties that events must have."""
    return json.dumps(
        {number: [one.model_dump(mode="json") for one in where] for number, where in asked.wheres.items() if where}
    )


@lru_cache(maxsize=64)
def count(wheres: str, *, alone: bool = False, counts_behaviour: bool = True) -> Counted:
    """The parts of a statement; `wheres` is from `wheres_key`, and `alone` as of `everybody`.

    Args:
        counts_behaviour: whether what they did is counted, or stays as it was counted last.
    """
    parsed = {
        int(number): [PropertyIs.model_validate(one) for one in some] for number, some in json.loads(wheres).items()
    }
    people = _people(alone=alone)
    entries = table_of(ScoreEntry)
    stored = select(*entries.c).where(everybody(entries.c.contact_id, alone=alone)).cte("stored")
    rules = given_rows(_RULES, name="rules", parameter="rules")
    scores = given_rows(_SCORES, name="scores", parameter="scores")
    parts = [_by_facts(people, rules)]
    if counts_behaviour:
        parts.append(_by_behaviour(did(people, now_parameter(), parsed), rules))
    parts += [_kept(people, stored, rules, scores, counts_behaviour=counts_behaviour), _extras()]
    wanted = union_all(*parts).cte("wanted")
    return Counted(stored, wanted, _sums(people, wanted, scores))


def _by_facts(people: FromClause, rules: FromClause) -> Any:
    holds = func.substr(people.c.held, rules.c.condition, 1) == "1"
    return select(
        people.c.id.label("contact_id"), rules.c.book, rules.c.rule, rules.c.score, rules.c.cap_group, rules.c.points,
        cast(null(), Double()).label("amount"), cast(null(), Integer()).label("half_life"),
        cast(null(), DateTime(timezone=True)).label("valued_at"), rules.c.reason,
        cast(null(), Uuid()).label("event_id"), cast(null(), DateTime(timezone=True)).label("lapses_at"),
    ).select_from(people.join(rules, and_(rules.c.condition.is_not(None), holds)))  # fmt: skip


def _by_behaviour(counted: CTE, rules: FromClause) -> Any:
    amount = rules.c.points * counted.c.worth
    fades = rules.c.half_life.is_not(None)
    times = rules.c.reason.concat(" (").concat(cast(counted.c.times, Text())).concat(" times)")
    once = or_(counted.c.once == 1, counted.c.times == 1)
    lapses_at = counted.c.first + func.make_interval(0, 0, 0, rules.c.within)
    return select(
        counted.c.contact_id, rules.c.book, rules.c.rule, rules.c.score, rules.c.cap_group,
        cast(func.round(amount), Integer()), case((fades, amount)), rules.c.half_life, case((fades, counted.c.latest)),
        case((once, rules.c.reason), else_=times), counted.c.latest_id, lapses_at,
    ).select_from(counted.join(rules, rules.c.behaviour == counted.c.number))  # fmt: skip


def _kept(people: FromClause, stored: CTE, rules: FromClause, scores: FromClause, *, counts_behaviour: bool) -> Any:
    """What dialogues gave, counting for what the book says, and what journeys gave, which say it; in a turn of a talk
    what was counted last of what they did or was learned of them, too.
    """
    of_talk = and_(stored.c.rule.contains("/"), ~stored.c.rule.startswith(OF_JOURNEYS))
    of_behaviour = select(rules.c.rule).where(rules.c.behaviour.is_not(None))
    of_acts = or_(stored.c.rule.startswith(LEARNED), stored.c.rule.in_(of_behaviour))
    given_once = stored.c.rule.contains("/")
    return select(
        stored.c.contact_id, scores.c.book, stored.c.rule, case((of_talk, scores.c.name), else_=stored.c.score),
        case((of_talk, null()), else_=stored.c.cap_group), stored.c.points, stored.c.amount, stored.c.half_life,
        stored.c.valued_at, stored.c.reason, stored.c.event_id, cast(null(), DateTime(timezone=True)),
    ).select_from(
        stored.join(people, people.c.id == stored.c.contact_id).join(scores, scores.c.of_talks)
    ).where(given_once if counts_behaviour else or_(given_once, of_acts))  # fmt: skip


def _extras() -> Any:
    extras = given_rows(_EXTRAS, name="extras", parameter="extras")
    return select(
        extras.c.contact_id, literal(0), extras.c.rule, extras.c.score, null(), extras.c.points, null(), null(), null(),
        extras.c.reason, null(), null(),
    )  # fmt: skip


def _sums(people: FromClause, wanted: CTE, scores: FromClause) -> CTE:
    left = left_of_one(now_parameter() - wanted.c.valued_at, wanted.c.half_life)
    faded = func.coalesce(wanted.c.amount, wanted.c.points) * left
    # As `sums.amount_at`.
    amount = case((wanted.c.half_life.is_(None), cast(wanted.c.points, Double())), else_=faded)
    key = (wanted.c.contact_id, wanted.c.book, wanted.c.score, wanted.c.cap_group)
    amounts = (
        select(
            *key,
            func.sum(amount).label("points"),
            func.sum(func.abs(amount)).filter(wanted.c.half_life.is_not(None)).label("fading"),
            func.min(wanted.c.half_life).label("shortest"),
            func.min(wanted.c.lapses_at).label("lapses_at"),
        )
        .group_by(*key)
        .cte("amounts")
    )
    cap: ColumnElement[float] = cast(scores.c.caps[amounts.c.cap_group].astext, Double())
    # Without a cap the least and the greatest are what there is: PostgreSQL leaves out what is not known.
    capped = func.greatest(-cap, func.least(cap, amounts.c.points))
    # As `sums._round`.
    digits: ColumnElement[float] = literal(1e6, Double())
    whole = cast(func.round(quotient(func.round(func.sum(capped) * digits), digits)), Integer())
    each = (
        select(people.c.id, scores.c.book, scores.c.name, func.coalesce(whole, 0).label("points"))
        .select_from(
            people.join(scores, literal(value=True)).outerjoin(
                amounts,
                and_(
                    amounts.c.contact_id == people.c.id,
                    amounts.c.book == scores.c.book,
                    amounts.c.score == scores.c.name,
                ),
            )
        )
        .group_by(people.c.id, scores.c.book, scores.c.name)
        .cte("each")
    )
    fading = (
        select(
            amounts.c.contact_id,
            amounts.c.book,
            func.sum(amounts.c.fading).label("left"),
            func.min(amounts.c.shortest).label("shortest"),
            func.min(amounts.c.lapses_at).label("lapses_at"),
        )
        .group_by(amounts.c.contact_id, amounts.c.book)
        .cte("fading")
    )
    total = cast(func.sum(each.c.points), Integer())
    by_name = func.jsonb_object_agg(each.c.name, each.c.points, type_=JSONB())
    return (
        select(
            each.c.id,
            each.c.book,
            by_name.op("||", return_type=JSONB())(func.jsonb_build_object(TOTAL, total, type_=JSONB())).label("scores"),
            total.label("total"),
            func.least(_next_change(fading), fading.c.lapses_at).label("due_at"),
        )
        .select_from(each.outerjoin(fading, and_(fading.c.contact_id == each.c.id, fading.c.book == each.c.book)))
        .group_by(each.c.id, each.c.book, fading.c.left, fading.c.shortest, fading.c.lapses_at)
        .cte("sums")
    )


def _next_change(fading: CTE) -> ColumnElement[Any]:
    """As `sums.next_change`."""
    left = fading.c.left
    dropped = func.least(literal(ALMOST_A_POINT, Double()), left - literal(0.49, Double()))
    fraction = quotient(left - dropped, left)
    seconds = -fading.c.shortest * func.ln(fraction) * literal(1 / math.log(2), Double())
    wait = func.greatest(func.make_interval(0, 0, 0, 0, 0, 0, seconds), SOONEST)
    return case((left >= 0.5, now_parameter() + wait))
