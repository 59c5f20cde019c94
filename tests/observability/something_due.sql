-- Something of everything that the figures of tables look at, some of it due. `{old}` rows of each are done with.
SET session_replication_role = replica;  -- only what is due is looked at here, not whose it is

INSERT INTO contacts (id, fields, created_at, updated_at)
SELECT gen_random_uuid(), '{{}}', now(), now() FROM generate_series(1, {old} + 1);
INSERT INTO conversations (id, channel, status, language, created_at)
SELECT gen_random_uuid(), 'web', 'open', 'en', now() FROM generate_series(1, {old} + 1);

CREATE TEMPORARY TABLE put AS SELECT * FROM (VALUES
    ('sms', 'planned', now() - interval '600 seconds', NULL::timestamptz, NULL::timestamptz),
    ('sms', 'deferred', now() - interval '5 seconds', NULL, NULL),
    ('email', 'planned', now() - interval '5 seconds', NULL, NULL),
    ('email', 'planned', now() + interval '1 hour', NULL, NULL),
    ('email', 'sending', now(), now() - interval '90 seconds', NULL),
    ('email', 'unknown', now(), NULL, now()),
    ('email', 'unknown', now(), NULL, NULL)
) AS row (channel, state, due_at, claimed_at, look_at);
INSERT INTO outbox (id, occurrence, contact_id, channel, purpose, message_class, text, created_at, updated_at, state,
    due_at, claimed_at, look_at, gate_decision_id)
SELECT gen_random_uuid(), gen_random_uuid()::text, gen_random_uuid(), channel, 'marketing', 'promotional', 'x', now(),
    now(), state, due_at, claimed_at, look_at, gen_random_uuid() FROM put;
INSERT INTO outbox (id, occurrence, contact_id, channel, purpose, message_class, text, created_at, updated_at, state,
    due_at)
SELECT gen_random_uuid(), gen_random_uuid()::text, id, 'email', 'marketing', 'promotional', 'x', now(), now(),
    'delivered', now() FROM contacts LIMIT {old};

INSERT INTO enrolments (id, journey, version, contact_id, step, state, due_at, entered_at, updated_at)
VALUES (gen_random_uuid(), 'a', 'v1', gen_random_uuid(), 's', 'active', now() - interval '120 seconds', now(), now()),
    (gen_random_uuid(), 'a', 'v1', gen_random_uuid(), 's', 'active', now() + interval '1 day', now(), now());
INSERT INTO enrolments (id, journey, version, contact_id, step, state, entered_at, updated_at)
SELECT gen_random_uuid(), 'a', 'v1', id, 's', 'exited', now(), now() FROM contacts LIMIT {old};

INSERT INTO messages (id, conversation_id, seq, author, kind, text, turn_state, created_at)
SELECT gen_random_uuid(), id, 1000001, 'visitor', 'text', 'x', 'pending', now() - interval '30 seconds'
FROM conversations ORDER BY id LIMIT 1;
INSERT INTO messages (id, conversation_id, seq, author, kind, text, turn_state, created_at)
SELECT gen_random_uuid(), id, 1000002, 'visitor', 'text', 'x', 'done', now() - interval '300 seconds' FROM conversations;
INSERT INTO handoffs (id, conversation_id, state, reason, asked_at, changed_at)
VALUES (gen_random_uuid(), gen_random_uuid(), 'waiting', 'asked', now() - interval '1 hour', now()),
    (gen_random_uuid(), gen_random_uuid(), 'taken', 'asked', now() - interval '2 hours', now());

INSERT INTO webhook_endpoints (id, name, url, kinds, with_addresses, secrets_sealed, key_id, made_by, created_at,
    updated_at, disabled_at, disabled_why)
VALUES (gen_random_uuid(), 'on', 'https://x.example', '{{}}', false, '', 'k1', gen_random_uuid(), now(), now(), NULL,
    NULL),
    (gen_random_uuid(), 'off', 'https://x.example', '{{}}', false, '', 'k1', gen_random_uuid(), now(), now(), now(),
    'gone');
INSERT INTO webhook_deliveries (endpoint_id, event_id, kind, state, due_at, created_at)
SELECT id, gen_random_uuid(), 'lead_captured', 'waiting', now() - interval '300 seconds', now() FROM webhook_endpoints;
INSERT INTO webhook_deliveries (endpoint_id, event_id, kind, state, due_at, created_at)
SELECT id, gen_random_uuid(), 'lead_captured', 'waiting', now() + interval '300 seconds', now() FROM webhook_endpoints;
INSERT INTO webhook_deliveries (endpoint_id, event_id, kind, state, due_at, created_at)
SELECT id, gen_random_uuid(), 'lead_captured', 'delivered', now() - interval '900 seconds', now()
FROM webhook_endpoints CROSS JOIN generate_series(1, {old});

INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now() - interval '10 minutes');
INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at, worker_id)
VALUES ('q', 't', 'todo', now() - interval '60 seconds', NULL),
    ('q', 't', 'todo', now() + interval '1 hour', NULL),
    ('q', 't', 'failed', now(), NULL),
    ('q', 't', 'doing', now(), (SELECT min(id) FROM procrastinate_workers)),
    ('q', 't', 'doing', now(), (SELECT max(id) FROM procrastinate_workers));

INSERT INTO site_facts (name, value, set_at)
VALUES ('backup', '{{}}', now() - interval '1 day'), ('quarantine', '{{}}', now());
INSERT INTO spendings (day, channel, amount, messages)
VALUES ((now() AT TIME ZONE 'UTC')::date, 'sms', 2, 20), ((now() AT TIME ZONE 'UTC')::date, 'voice', 0.5, 1);
INSERT INTO spendings (day, channel, amount, messages)
SELECT day, 'sms', 4, 40 FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date AS day) AS first
WHERE day < (now() AT TIME ZONE 'UTC')::date;
INSERT INTO spendings (day, channel, amount, messages)
SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 day')::date, 'sms', 1000, 9;

SET session_replication_role = origin;
