"""The sample workspace in the worker: it looks for what was asked for each minute and when it is woken."""

from __future__ import annotations

from collections.abc import Callable

import procrastinate

from bot.intake.sealing import sender_index_of
from crm.privacy.requests import Hands
from outreach.follow_ups import JourneyFollowUps
from server.samples.work import SampleWork
from server.wiring import Platform
from server.woken_jobs import SAMPLES, add_looks


def create_sample_work(platform: Platform, filled: Callable[[], None] = lambda: None) -> SampleWork:
    """What a worker does for the sample workspace.

    Args:
        filled: called once it is filled.
    """
    keys, settings = platform.keys, platform.settings
    hands = Hands(keys, JourneyFollowUps(), sender_index_of(keys), settings.company_name, settings.mail_folder)
    return SampleWork(platform.sessions, keys, hands, platform.clock, filled)


def add_sample_jobs(alarm: procrastinate.App, work: SampleWork) -> None:
    """Has the worker look each minute, and at once when it is woken. The work holds up no other task."""
    add_looks(alarm, work, SAMPLES)
