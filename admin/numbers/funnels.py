"""How far the people came who came in a period: from their first words to buying. Reads only, in sets.

Somebody counts once for each channel, flow or journey they came by, and at the furthest place they have come to by now.
Who bought counts as won whatever stage they stand at. Somebody of whom nothing is known counts as their talk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from admin.numbers.visits import kept_part
from crm.contacts.rules import STAGES

By = Literal["channel", "flow", "journey"]

_WAY = [stage for stage in STAGES if stage != "disqualified"]
_WON = len(_WAY)

# Who came by what: `name`, `contact_id`, `conversation_id`, `at`.
_CAME: dict[By, str] = {
    "channel": """
        SELECT started.data ->> 'channel' AS name, coalesce(talk.contact_id, started.contact_id) AS contact_id,
            started.conversation_id, started.occurred_at AS at
        FROM timeline_events AS started
        LEFT JOIN conversations AS talk ON talk.id = started.conversation_id
        WHERE started.kind = 'conversation_started'
            AND started.occurred_at >= :since AND started.occurred_at < :until
    """,
    "flow": """
        SELECT visit.flow AS name, talk.contact_id, talk.id AS conversation_id, visit.first_at AS at
        FROM flow_visits AS visit JOIN conversations AS talk ON talk.id = visit.conversation_id
        WHERE visit.day >= CAST(:kept_from AS date) AND visit.day < CAST(:kept_until AS date)
        UNION ALL
        SELECT walked.way ->> 0, talk.contact_id, talk.id, message.created_at
        FROM messages AS message
        CROSS JOIN LATERAL jsonb_array_elements(message.data -> 'walked') AS walked(way)
        JOIN conversations AS talk ON talk.id = message.conversation_id
        WHERE message.data ? 'walked' AND (message.created_at >= :since AND message.created_at < :kept_from
            OR message.created_at >= :kept_until AND message.created_at < :until)
    """,
    "journey": """
        SELECT data ->> 'journey' AS name, contact_id, conversation_id, occurred_at AS at
        FROM timeline_events
        WHERE kind = 'enrolled' AND contact_id IS NOT NULL AND occurred_at >= :since AND occurred_at < :until
    """,
}
# What is asked of each person is asked once and for all of them together, however often they came by whatever.
_FUNNEL = """
    WITH came AS ({came}), people AS (
        SELECT name, coalesce(contact_id, conversation_id) AS who, contact_id, min(at) AS at
        FROM came WHERE name IS NOT NULL GROUP BY name, who, contact_id
    ), ordered AS (
        SELECT contact_id, max(occurred_at) AS at
        FROM timeline_events
        WHERE kind = 'order_placed' AND occurred_at >= :since AND contact_id IS NOT NULL
        GROUP BY contact_id
    ), reached AS (
        -- A stage that somebody was taken out of is known by how they had come to it.
        SELECT moved.contact_id, max(greatest(
            array_position(CAST(:way AS text[]), moved.data ->> 'stage'),
            array_position(CAST(:way AS text[]), moved.data ->> 'before')
        )) AS place
        FROM contacts AS lost JOIN timeline_events AS moved ON moved.contact_id = lost.id
        WHERE lost.stage = 'disqualified' AND moved.kind = 'stage_changed'
        GROUP BY moved.contact_id
    ), {said} placed AS (
        SELECT people.name, people.who, {wrote} AS wrote,
            CASE WHEN ordered.at >= people.at THEN :won
                WHEN contact.stage = 'disqualified' THEN reached.place
                ELSE array_position(CAST(:way AS text[]), contact.stage) END AS place
        FROM people
        LEFT JOIN contacts AS contact ON contact.id = people.contact_id
        LEFT JOIN ordered ON ordered.contact_id = people.contact_id
        LEFT JOIN reached ON reached.contact_id = people.contact_id
        {joined}
    ), counted AS (
        SELECT name, 1 AS grouped, {counts} FROM placed GROUP BY name
        UNION ALL
        SELECT NULL, 0, {counts}
        FROM (SELECT who, max(place) AS place, bool_or(wrote) AS wrote FROM placed GROUP BY who) AS each
    )
    SELECT name, came, wrote, leads, qualified, accepted, won FROM counted ORDER BY grouped, came DESC, name
"""
_COUNTS = """count(*) AS came, count(*) FILTER (WHERE wrote) AS wrote, count(*) FILTER (WHERE place >= 2) AS leads,
        count(*) FILTER (WHERE place >= 3) AS qualified, count(*) FILTER (WHERE place >= 4) AS accepted,
        count(*) FILTER (WHERE place >= :won) AS won"""
# When each talk and each person last said something: whoever did since they came, has written.
_SAID = """talk_said AS (
        SELECT conversation_id, max(created_at) AS at
        FROM messages WHERE author = 'visitor' AND kind <> 'start' GROUP BY conversation_id
    ), person_said AS (
        SELECT talk.contact_id, max(talk_said.at) AS at
        FROM talk_said JOIN conversations AS talk ON talk.id = talk_said.conversation_id
        WHERE talk.contact_id IS NOT NULL
        GROUP BY talk.contact_id
    ),"""
_WROTE = """CASE WHEN people.contact_id IS NULL THEN talk_said.at IS NOT NULL
                ELSE coalesce(person_said.at >= people.at, false) END"""
_JOINED = """LEFT JOIN person_said ON person_said.contact_id = people.contact_id
        LEFT JOIN talk_said ON talk_said.conversation_id = people.who AND people.contact_id IS NULL"""


def _statement(by: By, *, said: bool) -> TextClause:
    parts = (
        {"said": _SAID, "wrote": _WROTE, "joined": _JOINED} if said else {"said": "", "wrote": "false", "joined": ""}
    )
    return text(_FUNNEL.format(came=_CAME[by], counts=_COUNTS, **parts))


_STATEMENTS = {by: _statement(by, said=True) for by in _CAME}
_WITHOUT_WORDS = {by: _statement(by, said=False) for by in _CAME}


@dataclass(frozen=True)
class Funnel:
    """How many people came to each place.

    Attributes:
        name: what they came by; None for all together, of whom each counts once.
        came: began a talk, came to the flow, or entered the journey.
        wrote: said something since; not everybody in a journey does.
        leads, qualified, accepted, won: stood at lead, MQL, SQL, customer or further.
    """

    name: str | None
    came: int
    wrote: int
    leads: int
    qualified: int
    accepted: int
    won: int


async def read_funnels(session: AsyncSession, by: By, since: datetime, until: datetime) -> Sequence[Funnel]:
    """All together first, then each, the largest first."""
    given = await _given(session, by, since, until)
    return [Funnel(*row) for row in await session.execute(_STATEMENTS[by], given)]


async def count_leads(session: AsyncSession, by: By, since: datetime, until: datetime) -> dict[str | None, int]:
    """How many leads came by each, and of None all together: without asking who wrote, which takes longest."""
    given = await _given(session, by, since, until)
    return {row.name: row.leads for row in await session.execute(_WITHOUT_WORDS[by], given)}


async def _given(session: AsyncSession, by: By, since: datetime, until: datetime) -> dict[str, object]:
    given: dict[str, object] = {"since": since, "until": until, "way": _WAY, "won": _WON}
    if by == "flow":
        given["kept_from"], given["kept_until"] = await kept_part(session, since, until)
    return given
