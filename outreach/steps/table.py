"""Which function runs which kind of step. Whoever comes to a kind that is not here waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from outreach.conversing import converse
from outreach.definitions import StepKind
from outreach.phoning import call
from outreach.reach_out import reach_out
from outreach.steps.call_out import call_out
from outreach.steps.decide import branch, consent_gate
from outreach.steps.do import adjust, change_contact, tell_colleague
from outreach.steps.enter import come_in
from outreach.steps.experiment import experiment
from outreach.steps.leave import leave
from outreach.steps.talk import send
from outreach.steps.time import best_time, wait_event, wait_for, wait_until
from outreach.walking import Group, Work

Run = Callable[[Work, Group], Awaitable[None]]
"""Takes each walker of the group on, lets it wait, or lets it leave."""

STEPS: Mapping[StepKind, Run] = {
    "on_event": come_in,
    "on_segment": come_in,
    "on_date": come_in,
    "on_conversation_outcome": come_in,
    "manual_or_api": come_in,
    "wait_for": wait_for,
    "wait_until": wait_until,
    "wait_event": wait_event,
    "best_time": best_time,
    "send": send,
    "reach_out": reach_out,
    "converse": converse,
    "call": call,
    "branch": branch,
    "score_branch": branch,
    "experiment": experiment,
    "consent_gate": consent_gate,
    "update": change_contact,
    "adjust_score_stage": adjust,
    "webhook_connector": call_out,
    "task_or_notify": tell_colleague,
    "exit": leave,
}
