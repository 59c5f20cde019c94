"""All checks that content must pass before it is published. Every fault is found at once; nothing is repaired."""

from __future__ import annotations

from collections.abc import Iterator

from flows.consent_checks import check_consent, check_notice
from flows.content import Content, FlowFolder, JourneyFolder
from flows.errors import FlowError
from flows.graph_checks import GRAPH_CHECKS
from flows.journey_checks import check_journey_exit, check_journey_facts, facts_of
from flows.library_checks import check_answers, check_entry, check_journeys_exist, check_triggers
from flows.slot_checks import check_conditions, check_slots
from flows.wording_checks import check_flow_wording, check_journey_wording, check_patterns


def check_content(content: Content) -> list[FlowError]:
    """Give every fault of the content; an empty list means it may be published."""
    return list(_faults(content))


def _faults(content: Content) -> Iterator[FlowError]:
    for check in (check_entry, check_triggers, check_answers, check_patterns):
        yield from check(content)
    for flow in content.flows.values():
        yield from check_flow(flow, content)
    facts = facts_of(content)
    for journey in content.journeys.values():
        yield from _check_journey(journey, facts, content.default_language)


def check_flow(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    """List the faults of one flow."""
    for check in (*GRAPH_CHECKS, check_slots, check_conditions, check_flow_wording, check_notice):
        yield from check(folder)
    yield from check_journeys_exist(folder, content)
    yield from check_consent(folder, content.journeys)


def _check_journey(folder: JourneyFolder, facts: frozenset[str], language: str) -> Iterator[FlowError]:
    for check in (*GRAPH_CHECKS, check_journey_exit):
        yield from check(folder)
    yield from check_journey_facts(folder, facts)
    yield from check_journey_wording(folder, facts, language)
