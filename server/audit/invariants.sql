-- What must hold at any moment. Each query gives the rows that break its invariant: which row, and what is wrong.
-- Parameters: :now (the moment), :skew (how far the clocks of our machines may be apart).
--
-- When a row was made is read from its key (UUIDv7): unlike the other times it comes from no clock that a test or a
-- caller hands over.

-- name: I1 withdrawal
-- No promotion is claimed after a withdrawal or refusal was recorded that covers it, unless consent was given since.
WITH claims AS (
    SELECT g.outbox_id, o.contact_id, o.channel, o.purpose,
        to_timestamp(CAST(CAST('x' || translate(left(CAST(g.id AS text), 13), '-', '') AS bit(48)) AS bigint) / 1000.0)
            AS made_at
    FROM gate_decisions g JOIN outbox o ON o.id = g.outbox_id
    WHERE g.stage = 'claim' AND g.answer = 'allow' AND o.purpose NOT IN ('service', 'answer', 'nudge', 'notice')
)
SELECT DISTINCT CAST(c.outbox_id AS text) AS id, 'claimed after event ' || w.seq || ' of the ledger said no' AS what
FROM claims c
JOIN consent_events w ON w.principal_ref = c.contact_id
    AND w.event IN ('withdrawn', 'refused')
    AND w.purpose IN (c.purpose, 'all') AND w.channel IN (c.channel, 'all')
    AND COALESCE(w.brand, 'all') IN ('main', 'all')
    AND w.recorded_at < c.made_at - CAST(:skew AS interval)
WHERE NOT EXISTS (
    SELECT FROM consent_events y
    WHERE y.principal_ref = w.principal_ref AND y.seq > w.seq
        AND y.event IN ('given', 'confirmed', 'imported') AND COALESCE(y.brand, 'main') = 'main'
        AND y.purpose = c.purpose AND y.channel = c.channel
        AND y.recorded_at < c.made_at + interval '1 millisecond' + CAST(:skew AS interval)
);

-- name: I1 suppression
-- Nothing is claimed for a contact that was suppressed before, but what the carriers want said in a talk.
WITH claims AS (
    SELECT g.outbox_id, o.contact_id, o.channel,
        to_timestamp(CAST(CAST('x' || translate(left(CAST(g.id AS text), 13), '-', '') AS bit(48)) AS bigint) / 1000.0)
            AS made_at
    FROM gate_decisions g JOIN outbox o ON o.id = g.outbox_id
    WHERE g.stage = 'claim' AND g.answer = 'allow' AND NOT (o.purpose = 'notice' AND o.message_id IS NOT NULL)
)
SELECT DISTINCT CAST(c.outbox_id AS text) AS id, 'claimed although suppressed (' || s.reason || ')' AS what
FROM claims c
JOIN suppressions s ON s.contact_id = c.contact_id AND s.channel IN (c.channel, 'all')
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
UNION ALL
SELECT CAST(o.id AS text), 'tried ' || o.attempts || ' times, allowed ' || count(g.id) || ' times'
FROM outbox o LEFT JOIN gate_decisions g ON g.outbox_id = o.id AND g.stage = 'claim' AND g.answer = 'allow'
WHERE o.attempts > 0
GROUP BY o.id, o.attempts
HAVING o.attempts > count(g.id);

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
-- What ran out two days ago is written down as expired.
SELECT CAST(e.seq AS text) AS id, 'ran out at ' || e.valid_until || ' and no event says so' AS what
FROM consent_events e
WHERE e.event IN ('given', 'confirmed', 'imported')
    AND e.valid_until < CAST(:now AS timestamptz) - interval '2 days'
    AND NOT EXISTS (
        SELECT FROM consent_events n
        WHERE n.principal_ref = e.principal_ref AND n.seq > e.seq AND n.event <> 'requested'
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
