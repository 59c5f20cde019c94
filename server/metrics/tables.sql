-- What the tables tell an operator, in one look: a figure's name, its label, its value. Each part goes by an index and
-- stops at ten thousand rows: more than that is as bad. `server/metrics/tables.py` says what the figures are.
WITH
due AS MATERIALIZED (
    SELECT channel, due_at FROM outbox
    WHERE state IN ('planned', 'deferred') AND due_at <= now() ORDER BY due_at, id LIMIT 10000
),
sending AS MATERIALIZED (
    SELECT claimed_at FROM outbox WHERE state = 'sending' ORDER BY claimed_at LIMIT 10000
),
in_doubt AS MATERIALIZED (
    SELECT 1 FROM outbox WHERE state = 'unknown' AND look_at IS NOT NULL LIMIT 10000
),
walking AS MATERIALIZED (
    SELECT due_at FROM enrolments WHERE state = 'active' AND due_at <= now() ORDER BY due_at, id LIMIT 10000
),
unanswered AS MATERIALIZED (
    SELECT message.created_at
    FROM (SELECT conversation_id, created_at FROM messages WHERE turn_state = 'pending' LIMIT 10000) AS message
    JOIN conversations ON conversations.id = message.conversation_id
    WHERE conversations.turn_not_before IS NULL OR conversations.turn_not_before <= now()
),
asked AS MATERIALIZED (
    SELECT asked_at FROM handoffs WHERE state <> 'done' AND state = 'waiting' LIMIT 10000
),
outward AS MATERIALIZED (
    SELECT waiting.due_at
    FROM webhook_endpoints
    CROSS JOIN LATERAL (
        SELECT due_at FROM webhook_deliveries
        WHERE endpoint_id = webhook_endpoints.id AND state IN ('waiting', 'sending') AND due_at <= now()
        ORDER BY due_at LIMIT 10000
    ) AS waiting
    WHERE webhook_endpoints.disabled_at IS NULL
),
jobs_due AS MATERIALIZED (
    SELECT coalesce(job.scheduled_at, (SELECT min(at) FROM procrastinate_events WHERE job_id = job.id)) AS due_at
    FROM (
        SELECT id, scheduled_at FROM procrastinate_jobs
        WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()) LIMIT 10000
    ) AS job
),
jobs_doing AS MATERIALIZED (
    SELECT worker.last_heartbeat
    FROM (SELECT worker_id FROM procrastinate_jobs WHERE status = 'doing' LIMIT 10000) AS job
    LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
),
sessions AS MATERIALIZED (
    SELECT backend_type, state, xact_start FROM pg_stat_activity WHERE datname = current_database()
)
SELECT 'outbox_due' AS figure, channel AS label, count(*)::float8 AS value FROM due GROUP BY channel
UNION ALL SELECT 'outbox_oldest_due_seconds', '', extract(epoch FROM now() - min(due_at)) FROM due
UNION ALL SELECT 'outbox_sending', '', count(*) FROM sending
UNION ALL SELECT 'outbox_oldest_sending_seconds', '', extract(epoch FROM now() - min(claimed_at)) FROM sending
UNION ALL SELECT 'outbox_in_doubt', '', count(*) FROM in_doubt
UNION ALL SELECT 'enrolments_due', '', count(*) FROM walking
UNION ALL SELECT 'enrolments_oldest_due_seconds', '', extract(epoch FROM now() - min(due_at)) FROM walking
UNION ALL SELECT 'messages_unanswered', '', count(*) FROM unanswered
UNION ALL SELECT 'messages_oldest_unanswered_seconds', '', extract(epoch FROM now() - min(created_at)) FROM unanswered
UNION ALL SELECT 'handoffs_waiting', '', count(*) FROM asked
UNION ALL SELECT 'handoffs_oldest_waiting_seconds', '', extract(epoch FROM now() - min(asked_at)) FROM asked
UNION ALL SELECT 'webhooks_out_due', '', count(*) FROM outward
UNION ALL SELECT 'webhooks_out_oldest_due_seconds', '', extract(epoch FROM now() - min(due_at)) FROM outward
UNION ALL SELECT 'jobs', 'due', count(*) FROM jobs_due
UNION ALL SELECT 'jobs', 'doing', count(*) FROM jobs_doing
UNION ALL SELECT 'jobs', 'stuck', count(*) FROM jobs_doing
    WHERE last_heartbeat IS NULL OR last_heartbeat < now() - interval '60 seconds'
UNION ALL SELECT 'jobs', 'failed', count(*)
    FROM (SELECT 1 FROM procrastinate_jobs WHERE status = 'failed' LIMIT 10000) AS failed
UNION ALL SELECT 'jobs_oldest_due_seconds', '', extract(epoch FROM now() - min(due_at)) FROM jobs_due
UNION ALL SELECT 'workers_alive', '', count(*) FROM procrastinate_workers
    WHERE last_heartbeat >= now() - interval '60 seconds'
UNION ALL SELECT 'head_age_seconds', 'ledger', extract(epoch FROM now() - signed_at)
    FROM (SELECT signed_at FROM consent_heads ORDER BY id DESC LIMIT 1) AS head
UNION ALL SELECT 'head_age_seconds', 'audit_log', extract(epoch FROM now() - signed_at)
    FROM (SELECT signed_at FROM audit_heads ORDER BY id DESC LIMIT 1) AS head
UNION ALL SELECT 'backup_age_seconds', '', extract(epoch FROM now() - set_at) FROM site_facts WHERE name = 'backup'
UNION ALL SELECT 'quarantined', '', count(*) FROM site_facts WHERE name = 'quarantine'
UNION ALL SELECT 'spent', 'day', coalesce(sum(amount), 0) FROM spendings
    WHERE day = (now() AT TIME ZONE 'UTC')::date
UNION ALL SELECT 'spent', 'month', coalesce(sum(amount), 0) FROM spendings
    WHERE day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date
UNION ALL SELECT 'database_sessions', '', count(*) FROM sessions WHERE backend_type = 'client backend'
UNION ALL SELECT 'database_sessions_allowed', '', current_setting('max_connections')::float8
UNION ALL SELECT 'database_oldest_transaction_seconds', '', extract(epoch FROM now() - min(xact_start)) FROM sessions
    WHERE state <> 'idle' AND backend_type = 'client backend'
UNION ALL SELECT 'database_bytes', '', pg_database_size(current_database())
