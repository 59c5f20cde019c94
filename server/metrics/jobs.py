"""Times and traces the worker's jobs, by their task."""

from __future__ import annotations

import time
from typing import Any

import procrastinate
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

from base.metrics import JOB_SECONDS, Few
from base.tracing import span

_tasks = Few(64)


async def watch_job(call_next: AsyncCallNext, context: procrastinate.JobContext, _worker: Worker) -> Any:
    """A middleware of Procrastinate, around each job. What a job returns or raises is left as it is."""
    task = _tasks.of(context.job.task_name)
    began, result = time.perf_counter(), "failed"
    try:
        with span("job", alone=True, task=task, attempt=context.job.attempts):
            done = await call_next()
        result = "done"
        return done
    finally:
        JOB_SECONDS.labels(task, result).observe(time.perf_counter() - began)
