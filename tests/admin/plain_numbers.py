"""Figures asked for as they are said, person by person: slow, and what the quick queries are compared with."""

from __future__ import annotations

CAME = {
    "channel": """
        SELECT started.data ->> 'channel' AS name, coalesce(talk.contact_id, started.contact_id) AS contact_id,
            started.conversation_id, started.occurred_at AS at
        FROM timeline_events AS started
        LEFT JOIN conversations AS talk ON talk.id = started.conversation_id
        WHERE started.kind = 'conversation_started'
            AND started.occurred_at >= :since AND started.occurred_at < :until
    """,
    "flow": """
        SELECT walked.way ->> 0 AS name, talk.contact_id, talk.id AS conversation_id, message.created_at AS at
        FROM messages AS message
        CROSS JOIN LATERAL jsonb_array_elements(message.data -> 'walked') AS walked(way)
        JOIN conversations AS talk ON talk.id = message.conversation_id
        WHERE message.created_at >= :since AND message.created_at < :until AND message.data ? 'walked'
    """,
    "journey": """
        SELECT data ->> 'journey' AS name, contact_id, conversation_id, occurred_at AS at
        FROM timeline_events
        WHERE kind = 'enrolled' AND contact_id IS NOT NULL AND occurred_at >= :since AND occurred_at < :until
    """,
}
FUNNEL = """
    WITH came AS ({came}), people AS (
        SELECT name, coalesce(contact_id, conversation_id) AS who, contact_id, min(at) AS at
        FROM came WHERE name IS NOT NULL GROUP BY name, who, contact_id
    ), placed AS (
        SELECT people.*,
            CASE WHEN EXISTS (
                SELECT FROM timeline_events AS ordered
                WHERE ordered.contact_id = people.contact_id AND ordered.kind = 'order_placed'
                    AND ordered.occurred_at >= people.at
            ) THEN :won
            -- A stage that somebody was taken out of is known by how they had come to it.
            WHEN contact.stage = 'disqualified' THEN (
                SELECT max(greatest(
                    array_position(CAST(:way AS text[]), moved.data ->> 'stage'),
                    array_position(CAST(:way AS text[]), moved.data ->> 'before')
                ))
                FROM timeline_events AS moved
                WHERE moved.contact_id = people.contact_id AND moved.kind = 'stage_changed'
            )
            ELSE array_position(CAST(:way AS text[]), contact.stage) END AS place
        FROM people LEFT JOIN contacts AS contact ON contact.id = people.contact_id
    ), wrote AS (
        SELECT placed.*,
            EXISTS (
                SELECT FROM conversations AS talk JOIN messages AS said ON said.conversation_id = talk.id
                WHERE talk.contact_id = placed.contact_id AND said.author = 'visitor' AND said.kind <> 'start'
                    AND said.created_at >= placed.at
            ) OR placed.contact_id IS NULL AND EXISTS (
                SELECT FROM messages AS said
                WHERE said.conversation_id = placed.who AND said.author = 'visitor' AND said.kind <> 'start'
            ) AS wrote
        FROM placed
    )
    SELECT name, count(DISTINCT who) AS came, count(DISTINCT who) FILTER (WHERE wrote) AS wrote,
        count(DISTINCT who) FILTER (WHERE place >= 2) AS leads,
        count(DISTINCT who) FILTER (WHERE place >= 3) AS qualified,
        count(DISTINCT who) FILTER (WHERE place >= 4) AS accepted,
        count(DISTINCT who) FILTER (WHERE place >= :won) AS won
    FROM wrote
    GROUP BY ROLLUP (name)
    ORDER BY grouping(name) DESC, came DESC, name
"""
