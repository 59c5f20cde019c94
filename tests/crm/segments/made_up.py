"""Rules and people made up by hypothesis, from few enough words that rules often hold, and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st
from sqlalchemy import Connection, insert

import server.web  # noqa: F401  # loads every room's tables
from base.ids import new_id
from bot.models import Conversation, Message
from bot.understanding.models import Gap
from crm.consent.rules import LedgerEntry, fold
from crm.contacts.models import Contact, ContactPoint
from crm.scoring.models import ContactScores
from crm.segments.compiling import text_sha256
from crm.segments.models import Segment, SegmentConsent, SegmentMember, SegmentPerson, SegmentVector
from crm.segments.tree import SegmentTree
from crm.timeline.models import TimelineEvent
from tests.crm.segments.plain import ENCODER, Person

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
OTHERS = [UUID(int=1), UUID(int=2)]
MEANINGS = {"how much is it": [1.0, 0.0, 0.2], "where are you": [0.0, 1.0, 0.1]}
FACTS = ["stage", "qualification", "language", "company", "size", "agreed", "odd'name; --", "renewal"]
KINDS = ["page_viewed", "order_placed", "x'; drop table contacts; --"]
PROPERTIES = ["path", "amount"]
PURPOSES = ["marketing", "profiling"]

numbers = st.integers(-30, 30) | st.floats(-30, 30, allow_nan=False)
texts = st.sampled_from(
    ["hot", "lead", "visitor", "en", "de", "1", "true", "", "/pricing", "/pricing/eu", "100%_", "ä"]
)
scalars = st.booleans() | numbers | texts
days = st.sampled_from(
    ["2026-11-23", "2026-11-30", "2026-12-24T10:00", "2026-11-20T23:30:00-05:00", "2027-02-30", "soon"]
)
moments = st.integers(-40 * 24, 40 * 24).map(lambda hours: NOW + timedelta(hours=hours))
past = st.integers(0, 40 * 24 * 2).map(lambda halves: NOW - timedelta(minutes=30 * halves))


def _comparison(name: str, names: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    def of(op: st.SearchStrategy[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({name: st.sampled_from(names), "op": op, "value": value})

    return st.one_of(
        st.fixed_dictionaries({name: st.sampled_from(names), "op": st.sampled_from(["known", "unknown"])}),
        of(st.sampled_from(["is", "is_not"]), scalars),
        of(st.just("in"), st.lists(scalars, min_size=1, max_size=3)),
        of(st.sampled_from(["at_least", "at_most"]), numbers),
        of(st.sampled_from(["starts_with", "contains"]), texts.filter(bool)),
    )


_windows = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "in_last": st.fixed_dictionaries(
                {"amount": st.integers(1, 20), "unit": st.sampled_from(["hours", "days", "weeks"])}
            )
        }
    ),
    st.fixed_dictionaries({"since": moments.map(datetime.isoformat)}),
    st.tuples(moments, moments)
    .filter(lambda two: two[0] != two[1])
    .map(lambda two: {"since": min(two).isoformat(), "until": max(two).isoformat()}),
)
_events = st.builds(
    lambda kind, where, times, count, window: {
        "event": kind, "where": where, "times": times, "count": max(count, times == "at_least"), **window,
    },
    st.sampled_from(KINDS),
    st.lists(_comparison("property", PROPERTIES), max_size=1),
    st.sampled_from(["at_least", "at_most", "exactly"]),
    st.integers(0, 3),
    _windows,
)  # fmt: skip
_dates = st.one_of(
    st.fixed_dictionaries(
        {
            "date": st.sampled_from(["renewal", "created_at", "company"]),
            "is": st.sampled_from(["in_next", "in_last", "at_least_ago", "at_least_ahead"]),
            "days": st.integers(0, 40),
        }
    ),
    st.fixed_dictionaries(
        {
            "date": st.sampled_from(["renewal", "created_at"]),
            "is": st.sampled_from(["before", "on_or_after"]),
            "day": moments.map(lambda at: at.date().isoformat()),
        }
    ),
)
leaves = st.one_of(
    _comparison("fact", FACTS),
    st.fixed_dictionaries({"tag": st.sampled_from(["vip", "trial"])}),
    _dates,
    _events,
    st.fixed_dictionaries(
        {
            "score": st.sampled_from(["total", "fit", "intent"]),
            "op": st.sampled_from(["at_least", "at_most"]),
            "value": st.integers(-30, 30),
        }
    ),
    st.fixed_dictionaries(
        {
            "consent": st.sampled_from(PURPOSES),
            "channel": st.sampled_from(["email", "sms"]),
            "is": st.sampled_from(["given", "refused", "withdrawn", "expired", "none"]),
        }
    ),
    st.fixed_dictionaries(
        {"address": st.sampled_from(["email", "phone"]), "verified": st.sampled_from([None, True, False])}
    ),
    st.fixed_dictionaries({"segment": st.sampled_from([str(one) for one in OTHERS])}),
    st.fixed_dictionaries({"near": st.sampled_from(list(MEANINGS)), "at_least": st.sampled_from([0.5, 0.9])}),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
).map(SegmentTree.model_validate)

_said = st.lists(
    st.tuples(
        st.sampled_from(["given", "refused", "withdrawn", "expired", "requested"]),
        st.sampled_from([*PURPOSES, "all"]),
        st.sampled_from(["email", "sms", "all"]),
        st.none() | moments,
    ),
    max_size=5,
).map(
    lambda said: [
        LedgerEntry(seq, uuid4(), event, purpose, channel, NOW, valid_until)
        for seq, (event, purpose, channel, valid_until) in enumerate(said, 1)
    ]
)
people = st.builds(
    Person,
    columns=st.fixed_dictionaries(
        {
            "stage": st.sampled_from(["visitor", "lead"]),
            "qualification": st.sampled_from([None, "hot", "warm"]),
            "language": st.sampled_from(["en", "de"]),
        }
    ),
    score=st.integers(-30, 30),
    scores=st.dictionaries(st.sampled_from(["fit", "intent"]), st.integers(-30, 30), max_size=2),
    fields=st.dictionaries(st.sampled_from(FACTS[3:]), scalars | days | st.none(), max_size=4),
    tags=st.lists(st.sampled_from(["vip", "trial"]), unique=True),
    created_at=past,
    events=st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            past,
            st.dictionaries(st.sampled_from(PROPERTIES), scalars | st.none(), max_size=2),
        ),
        max_size=6,
    ),
    said=_said,
    points=st.lists(st.tuples(st.sampled_from(["email", "phone"]), st.booleans()), max_size=3),
    segments=st.sets(st.sampled_from(OTHERS)),
    wrote=st.lists(st.sampled_from([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.7, 0.7, 0.0]]), max_size=2),
    refusal=st.sampled_from([None, None, None, "They objected."]),
)


def fill_once(connection: Connection) -> None:
    """What is there beside the people: other segments, and what texts mean."""
    connection.execute(
        insert(Segment),
        [
            {
                "id": one, "name": str(one), "tree": {"tag": "x"}, "state": "live", "made_by": "test",
                "created_at": NOW, "updated_at": NOW,
            }
            for one in OTHERS
        ],
    )  # fmt: skip
    connection.execute(
        insert(SegmentVector),
        [
            {"text_sha256": text_sha256(text), "encoder": ENCODER, "embedding": vector}
            for text, vector in MEANINGS.items()
        ],
    )


def fill(connection: Connection, some: Sequence[Person]) -> None:
    """The people's rows."""
    for person in some:
        person.id = new_id()
        connection.execute(
            insert(Contact).values(
                id=person.id, **person.columns, score=person.score, fields=person.fields, tags=person.tags,
                created_at=person.created_at, updated_at=NOW,
            )
        )  # fmt: skip
        connection.execute(insert(SegmentPerson).values(contact_id=person.id, refusal=person.refusal))
        _rows(
            connection,
            ContactScores,
            person,
            [{"scores": person.scores, "book": 1, "counted_at": NOW}] * bool(person.scores),
        )
        _rows(
            connection, TimelineEvent, person,
            [{"id": new_id(), "kind": kind, "occurred_at": at, "data": data} for kind, at, data in person.events],
        )  # fmt: skip
        _rows(
            connection, ContactPoint, person,
            [
                {
                    "id": new_id(), "kind": kind, "value_sealed": b"", "key_id": "k", "blind_index": uuid4().bytes,
                    "created_at": NOW, "verified_at": NOW if verified else None,
                }
                for kind, verified in person.points
            ],
        )  # fmt: skip
        _rows(
            connection, SegmentConsent, person,
            [
                {
                    "purpose": purpose, "channel": channel, "state": state.state, "valid_until": state.valid_until,
                    "seq": state.seq,
                }
                for (purpose, channel), state in fold(person.said).items()
            ],
        )  # fmt: skip
        _rows(connection, SegmentMember, person, [{"segment_id": one, "entered_at": NOW} for one in person.segments])
        for seq, vector in enumerate(person.wrote, 1):
            _write(connection, person.id, seq, vector)


def _write(connection: Connection, contact_id: UUID, seq: int, vector: list[float]) -> None:
    talk, said = new_id(), new_id()
    connection.execute(
        insert(Conversation).values(id=talk, channel="web", contact_id=contact_id, language="en", created_at=NOW)
    )
    connection.execute(
        insert(Message).values(
            id=said, conversation_id=talk, seq=seq, author="visitor", kind="text", text="hm", created_at=NOW
        )
    )
    connection.execute(
        insert(Gap).values(
            message_id=said, language="en", reason="missed", confidence=0.1, encoder=ENCODER, embedding=vector,
            created_at=NOW,
        )
    )  # fmt: skip


def _rows(connection: Connection, table: Any, person: Person, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), [{"contact_id": person.id, **row} for row in rows])
