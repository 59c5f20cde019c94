-- What must hold at any moment. Each query gives the rows that break its invariant: which row, and what is wrong.
-- Parameters: :now (the moment), :skew (how far the clocks of our machines may be apart).
--
-- When a row was made is read from its key (UUIDv7): unlike the other times it comes from no clock that a test or a
-- caller hands over.

-- name: I1 withdrawal
-- No promotion is claimed after a withdrawal or refusal was recorded that covers it, unless consent was given since.
-- Of a contact that was merged since, what counts is who it was then.
WITH moved AS (
    SELECT CAST(r.key ->> 'id' AS uuid) AS outbox_id, m.id AS merge_id, m.merged_id
    FROM merged_rows r JOIN contact_merges m ON m.id = r.merge_id AND m.undone_at IS NULL
    WHERE r.table_name = 'outbox' AND r.change = 'moved'
), claims AS (
    SELECT g.id, g.outbox_id, o.channel, o.purpose,
        COALESCE(
            (
                SELECT v.merged_id FROM moved v
                WHERE v.outbox_id = o.id AND v.merge_id > g.id ORDER BY v.merge_id LIMIT 1
            ),
            o.contact_id
        ) AS contact_id,
        to_timestamp(CAST(CAST('x' || translate(left(CAST(g.id AS text), 13), '-', '') AS bit(48)) AS bigint) / 1000.0)
            AS made_at
    FROM gate_decisions g JOIN outbox o ON o.id = g.outbox_id
    WHERE g.stage = 'claim' AND g.answer = 'allow' AND o.purpose NOT IN ('service', 'answer', 'nudge', 'notice')
), known_as AS (
    SELECT c.id, c.contact_id AS principal_ref, 0 AS after_seq FROM claims c
    UNION ALL
    SELECT c.id, l.principal_ref, l.after_seq
    FROM claims c
    JOIN principal_links l ON l.contact_id = c.contact_id
    JOIN contact_merges m ON m.merged_id = l.principal_ref AND m.undone_at IS NULL AND m.id < c.id
)
SELECT DISTINCT CAST(c.outbox_id AS text) AS id, 'claimed after event ' || w.seq || ' of the ledger said no' AS what
FROM claims c
JOIN known_as k ON k.id = c.id
JOIN consent_events w ON w.principal_ref = k.principal_ref
    AND w.event IN ('withdrawn', 'refused')
    AND w.purpose IN (c.purpose, 'all') AND w.channel IN (c.channel, 'all')
    AND COALESCE(w.brand, 'all') IN ('main', 'all')
    AND w.recorded_at < c.made_at - CAST(:skew AS interval)
WHERE NOT EXISTS (
    SELECT FROM known_as other JOIN consent_events y ON y.principal_ref = other.principal_ref
    WHERE other.id = c.id AND y.seq > w.seq
        -- A yes of who was somebody else by then undoes no no.
        AND (y.principal_ref = w.principal_ref OR y.seq > GREATEST(k.after_seq, other.after_seq))
        AND y.event IN ('given', 'confirmed', 'imported') AND COALESCE(y.brand, 'main') = 'main'
        AND y.purpose = c.purpose AND y.channel = c.channel
        AND y.recorded_at < c.made_at + interval '1 millisecond' + CAST(:skew AS interval)
)
AND NOT EXISTS (
    SELECT FROM contact_merges m
    WHERE m.undone_at >= c.made_at AND m.id < c.id AND c.contact_id IN (m.survivor_id, m.merged_id)
);

-- name: I1 suppression
-- Nothing is claimed for a contact that was suppressed before, but what the carriers want said in a talk.
WITH moved AS (
    SELECT CAST(r.key ->> 'id' AS uuid) AS outbox_id, m.id AS merge_id, m.merged_id
    FROM merged_rows r JOIN contact_merges m ON m.id = r.merge_id AND m.undone_at IS NULL
    WHERE r.table_name = 'outbox' AND r.change = 'moved'
), claims AS (
    SELECT g.id, g.outbox_id, o.channel,
        COALESCE(
            (
                SELECT v.merged_id FROM moved v
                WHERE v.outbox_id = o.id AND v.merge_id > g.id ORDER BY v.merge_id LIMIT 1
            ),
            o.contact_id
        ) AS contact_id,
        to_timestamp(CAST(CAST('x' || translate(left(CAST(g.id AS text), 13), '-', '') AS bit(48)) AS bigint) / 1000.0)
            AS made_at
    FROM gate_decisions g JOIN outbox o ON o.id = g.outbox_id
    WHERE g.stage = 'claim' AND g.answer = 'allow' AND NOT (o.purpose = 'notice' AND o.message_id IS NOT NULL)
), known_as AS (
    SELECT c.id, c.contact_id AS principal_ref FROM claims c
    UNION ALL
    SELECT c.id, l.principal_ref
    FROM claims c
    JOIN principal_links l ON l.contact_id = c.contact_id
    JOIN contact_merges m ON m.merged_id = l.principal_ref AND m.undone_at IS NULL AND m.id < c.id
)
SELECT DISTINCT CAST(c.outbox_id AS text) AS id, 'claimed although suppressed (' || s.reason || ')' AS what
FROM claims c
JOIN known_as k ON k.id = c.id
JOIN suppressions s ON s.contact_id = k.principal_ref AND s.channel IN (c.channel, 'all')
    -- A bounce suppresses without the contact's lock: what is claimed in the same second has not seen it.
    AND to_timestamp(CAST(CAST('x' || translate(left(CAST(s.id AS text), 13), '-', '') AS bit(48)) AS bigint) / 1000.0)
        < c.made_at - CAST(:skew AS interval) - interval '1 second';

-- name: I2 one row a provider call
-- A provider's id of a message stands in one row only. Telegram numbers messages by chat, so it is left out.
SELECT string_agg(CAST(id AS text), ', ' ORDER BY id) AS id, 'the same provider id in several rows' AS what
FROM outbox
WHERE provider_id IS NOT NULL AND channel IN ('sms', 'voice', 'email')
GROUP BY channel, account_id, provider_id
HAVING count(*) > 1;

-- name: I2 nothing leaves without the gate
-- What left, or may have, was claimed with an answer of the gate, and was not tried more often than that was asked.
SELECT CAST(o.id AS text) AS id, 'left without being claimed through the gate' AS what
FROM outbox o
WHERE o.state IN ('sending', 'accepted', 'delivered', 'read', 'undelivered', 'unknown')
    AND (o.attempts < 1 OR o.claimed_at IS NULL OR o.gate_decision_id IS NULL)
    -- What the sample workspace tells of as sent never left: of its people the query below speaks.
    AND NOT EXISTS (SELECT FROM sample_people s WHERE s.contact_id = o.contact_id)
    -- What may have left before a back-up was restored was claimed in the data that is gone.
    AND o.reason_rule IS DISTINCT FROM 'restored'
UNION ALL
SELECT CAST(o.id AS text), 'tried ' || o.attempts || ' times, allowed ' || count(g.id) || ' times'
FROM outbox o LEFT JOIN gate_decisions g ON g.outbox_id = o.id AND g.stage = 'claim' AND g.answer = 'allow'
WHERE o.attempts > 0
GROUP BY o.id, o.attempts
HAVING o.attempts > count(g.id);

-- name: I2 nobody made up
-- Nothing to somebody of the sample workspace was ever allowed or tried.
SELECT CAST(o.id AS text) AS id, 'goes to somebody who is made up' AS what
FROM outbox o JOIN sample_people s ON s.contact_id = o.contact_id
WHERE o.attempts > 0 OR o.provider_id IS NOT NULL OR EXISTS (
    SELECT FROM gate_decisions g WHERE g.outbox_id = o.id AND g.answer = 'allow'
);

-- name: I2 never back
-- What a provider took does not wait to be sent.
SELECT CAST(id AS text) AS id, 'waits to be sent although a provider took it' AS what
FROM outbox
WHERE state IN ('planned', 'deferred') AND provider_id IS NOT NULL;

-- name: I3 promotion once
-- No promotion was taken by a provider twice.
SELECT data ->> 'outbox_id' AS id, 'taken by a provider ' || count(*) || ' times' AS what
FROM timeline_events
WHERE kind = 'message_sent'
    AND EXISTS (
        SELECT FROM outbox o WHERE CAST(o.id AS text) = data ->> 'outbox_id' AND o.message_class = 'promotional'
    )
GROUP BY data ->> 'outbox_id'
HAVING count(*) > 1;

-- name: I4 one message
-- What a provider told us became a message in one talk only.
SELECT CAST(m.client_id AS text) AS id, 'stands in ' || count(*) || ' talks' AS what
FROM messages m JOIN conversations c ON c.id = m.conversation_id
WHERE m.client_id IS NOT NULL AND m.author = 'visitor' AND c.account_id IS NOT NULL
GROUP BY m.client_id
HAVING count(*) > 1;

-- name: I5 nothing lost
-- What was acknowledged is in hand, done, or put aside with its words and the reason.
SELECT CAST(id AS text) AS id, 'waits since ' || received_at AS what
FROM inbound_events
WHERE state = 'pending' AND received_at < CAST(:now AS timestamptz) - interval '10 minutes'
UNION ALL
SELECT CAST(id AS text), 'failed and its words are gone'
FROM inbound_events
WHERE state = 'failed' AND (sealed IS NULL OR problem IS NULL)
UNION ALL
SELECT CAST(id AS text), 'is done, and its talk holds no word of the person since'
FROM inbound_events e
WHERE state = 'done' AND conversation_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM messages m
    WHERE m.author = 'visitor'
        AND m.conversation_id IN (
            e.conversation_id, (SELECT c.moved_to FROM conversations c WHERE c.id = e.conversation_id)
        )
);

-- name: I6 in order
-- In a talk nothing is answered before what was said earlier.
SELECT CAST(later.id AS text) AS id, 'answered before ' || earlier.id AS what
FROM messages earlier
JOIN messages later ON later.conversation_id = earlier.conversation_id AND later.seq > earlier.seq
JOIN conversations c ON c.id = earlier.conversation_id AND c.status = 'open'
WHERE earlier.turn_state = 'pending' AND later.turn_state = 'done' AND later.author = 'visitor'
UNION ALL
SELECT CAST(c.id AS text), 'its next message would not be the last'
FROM conversations c
WHERE c.next_seq <= (SELECT max(m.seq) FROM messages m WHERE m.conversation_id = c.id)
UNION ALL
SELECT CAST(later.id AS text), 'left before ' || earlier.id
FROM outbox earlier
JOIN outbox later ON later.conversation_id = earlier.conversation_id AND later.id > earlier.id
WHERE earlier.message_id IS NOT NULL AND later.message_id IS NOT NULL
    AND earlier.attempts = 1 AND later.attempts = 1 AND earlier.fence > later.fence
    AND earlier.occurrence NOT LIKE '%\:put_off';

-- name: I7 hours
-- No promoting text or call leaves before 08:00 or after 21:00 in any zone the person may be in, nor without a zone.
-- The hours of a state are narrower: the gate keeps them, and its answers name the data it judged by.
WITH sent AS (
    SELECT o.id, g.decided_at, COALESCE(g.inputs -> 'zones', '[]') AS zones
    FROM outbox o JOIN gate_decisions g ON g.outbox_id = o.id
    WHERE o.channel IN ('sms', 'voice') AND o.purpose NOT IN ('service', 'answer', 'notice')
        AND g.stage = 'wire' AND g.answer = 'allow'
)
SELECT CAST(s.id AS text) AS id, 'no zone of the person was known' AS what
FROM sent s
WHERE jsonb_array_length(s.zones) = 0
UNION ALL
SELECT CAST(s.id AS text), 'left at ' || CAST(s.decided_at AT TIME ZONE z.name AS time) || ' in ' || z.name
FROM sent s CROSS JOIN LATERAL jsonb_array_elements_text(s.zones) AS z (name)
WHERE CAST(s.decided_at AT TIME ZONE z.name AS time) < time '08:00'
    OR CAST(s.decided_at AT TIME ZONE z.name AS time) >= time '21:00';

-- name: I8 chain
-- Each event of the ledger follows the one before it. That each is as it was written is checked beside this.
SELECT CAST(seq AS text) AS id, 'does not follow the event before it' AS what
FROM (SELECT seq, prev_hash, lag(hash, 1, repeat('0', 64)) OVER (ORDER BY seq) AS before FROM consent_events) AS chain
WHERE prev_hash <> before;

-- name: I8 expiry
-- What ran out two days ago is written down as expired. Contacts that were merged are one person.
WITH same AS (
    SELECT principal_ref AS one, contact_id AS other FROM principal_links
    UNION ALL
    SELECT contact_id, principal_ref FROM principal_links
    UNION ALL
    SELECT l.principal_ref, k.principal_ref FROM principal_links l JOIN principal_links k ON k.contact_id = l.contact_id
)
SELECT CAST(e.seq AS text) AS id, 'ran out at ' || e.valid_until || ' and no event says so' AS what
FROM consent_events e
WHERE e.event IN ('given', 'confirmed', 'imported')
    AND e.valid_until < CAST(:now AS timestamptz) - interval '2 days'
    AND NOT EXISTS (
        SELECT FROM consent_events n
        WHERE n.principal_ref = e.principal_ref AND n.seq > e.seq AND n.event <> 'requested'
            AND n.purpose IN (e.purpose, 'all') AND n.channel IN (e.channel, 'all')
    )
    AND NOT EXISTS (
        SELECT FROM same s JOIN consent_events n ON n.principal_ref = s.other
        WHERE s.one = e.principal_ref AND n.seq > e.seq AND n.event <> 'requested'
            AND n.purpose IN (e.purpose, 'all') AND n.channel IN (e.channel, 'all')
    );

-- name: I8 double opt-in
-- No consent is confirmed that nobody asked to confirm.
SELECT CAST(c.seq AS text) AS id, 'confirms no request that came before it' AS what
FROM consent_events c
WHERE c.event = 'confirmed' AND c.method = 'double_opt_in' AND NOT EXISTS (
    SELECT FROM consent_events r
    WHERE CAST(r.id AS text) = c.evidence ->> 'requested_event_id' AND r.event = 'requested' AND r.seq < c.seq
        AND r.principal_ref = c.principal_ref AND r.purpose = c.purpose AND r.channel = c.channel
);

-- name: I9 sending ends
-- Nothing stays in `sending`.
SELECT CAST(id AS text) AS id, 'in sending since ' || claimed_at AS what
FROM outbox
WHERE state = 'sending' AND claimed_at < CAST(:now AS timestamptz) - interval '3 minutes';

-- name: I10 nobody sees another's
-- A message belongs to one person throughout: its talk's channel, its journey's contact, its message.
SELECT CAST(o.id AS text) AS id, 'goes to a talk on another channel' AS what
FROM outbox o JOIN conversations c ON c.id = o.conversation_id
WHERE o.message_id IS NOT NULL AND c.channel <> o.channel
UNION ALL
SELECT CAST(o.id AS text), 'is of another''s journey'
FROM outbox o JOIN enrolments e ON e.id = o.enrolment_id
WHERE e.contact_id <> o.contact_id
UNION ALL
SELECT CAST(o.id AS text), 'says what was said in another talk'
FROM outbox o JOIN messages m ON m.id = o.message_id
WHERE m.conversation_id <> o.conversation_id
UNION ALL
SELECT CAST(o.id AS text), 'is sent from an account of another channel'
FROM outbox o JOIN channel_accounts a ON a.id = o.account_id
WHERE a.channel <> o.channel;

-- name: I11 attempts end
-- Nothing is tried more often than the rules allow, and what was tried that often has ended.
SELECT CAST(id AS text) AS id, 'tried ' || attempts || ' times, is ' || state AS what
FROM outbox
WHERE attempts > 5 OR (attempts = 5 AND state IN ('planned', 'deferred'))
UNION ALL
SELECT CAST(id AS text), 'begun ' || attempts || ' times, is ' || state
FROM inbound_events
WHERE attempts > 4 OR (attempts > 3 AND state = 'pending');

-- name: I12 backlog
-- What is due is done: nothing waits for a quarter of an hour after its time.
SELECT CAST(id AS text) AS id, 'due since ' || due_at AS what
FROM outbox
WHERE state IN ('planned', 'deferred') AND due_at < CAST(:now AS timestamptz) - interval '15 minutes'
UNION ALL
SELECT CAST(id AS text), 'due since ' || due_at
FROM enrolments
WHERE state = 'active' AND due_at < CAST(:now AS timestamptz) - interval '15 minutes';

-- name: I13 no secret in the data
-- No link that acts by itself, and no field named like a secret, stands where it can be read.
SELECT CAST(id AS text) AS id, 'holds a link that acts by itself' AS what
FROM outbox
WHERE text ~ '/(consent/confirm|unsubscribe|consent/receipts)/[A-Za-z0-9_.-]{20,}'
UNION ALL
SELECT CAST(id AS text), 'has a field named like a secret'
FROM timeline_events
WHERE jsonb_exists_any(data, ARRAY['password', 'secret', 'token', 'api_key', 'authorization'])
UNION ALL
SELECT CAST(seq AS text), 'has a field named like a secret'
FROM consent_events
WHERE jsonb_exists_any(evidence, ARRAY['password', 'secret', 'token', 'api_key', 'authorization']);

-- name: I14 merged contacts
-- Who was merged is no contact, is part of one that is none itself, and there is a merge that says so.
SELECT CAST(l.principal_ref AS text) AS id, 'was merged and is a contact all the same' AS what
FROM principal_links l JOIN contacts c ON c.id = l.principal_ref
UNION ALL
SELECT CAST(l.principal_ref AS text), 'is part of ' || l.contact_id || ', which was merged itself'
FROM principal_links l JOIN principal_links k ON k.principal_ref = l.contact_id
UNION ALL
SELECT CAST(l.principal_ref AS text), 'is part of ' || l.contact_id || ' by no merge that stands'
FROM principal_links l JOIN contacts c ON c.id = l.contact_id
WHERE NOT EXISTS (
    SELECT FROM contact_merges m
    WHERE m.merged_id = l.principal_ref AND m.survivor_id = l.joined_ref AND m.undone_at IS NULL
)
UNION ALL
SELECT CAST(m.id AS text), 'stands, and nothing links the two'
FROM contact_merges m
WHERE m.undone_at IS NULL AND NOT EXISTS (SELECT FROM principal_links l WHERE l.principal_ref = m.merged_id)
UNION ALL
SELECT CAST(m.id AS text), 'was undone and still holds rows'
FROM contact_merges m
WHERE m.undone_at IS NOT NULL AND EXISTS (SELECT FROM merged_rows r WHERE r.merge_id = m.id);
