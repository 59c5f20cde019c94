"""All checks that content must pass before it is published. Every fault is found at once; nothing is repaired."""

from __future__ import annotations

from collections.abc import Iterator

from flows.condition_checks import check_conditions
from flows.consent_checks import check_marketing, check_special
from flows.consent_form_checks import check_bundled, check_consent_slots, check_preferences, check_preticked
from flows.content import Content, FlowFolder, JourneyFolder
from flows.conversation_checks import check_conversations
from flows.errors import FlowError
from flows.graph_checks import GRAPH_CHECKS
from flows.joined_checks import check_flows_exist, check_joined
from flows.journey_checks import check_journey_conditions, check_journey_exit, check_journey_fields, facts_of
from flows.journey_consent_checks import check_gates, check_purposes, check_stops
from flows.journey_name_checks import (
    check_journey_links,
    check_journey_outside,
    check_journey_teams,
    check_linked_loops,
)
from flows.journey_talk_checks import check_talks, talked_flows
from flows.journey_test_checks import check_journey_tests
from flows.library_checks import (
    check_answers,
    check_entry,
    check_intents_exist,
    check_journeys_exist,
    check_outcomes,
    check_start_examples,
    check_triggers,
)
from flows.notice_checks import check_notice
from flows.path_walk import roots_of
from flows.slot_checks import check_choices, check_shared_slots, check_slots, check_templates
from flows.team_checks import check_handoffs, check_teams, check_way_to_person
from flows.wording_checks import check_flow_wording, check_journey_wording, check_patterns

_OF_CONTENT = (
    check_entry,
    check_triggers,
    check_start_examples,
    check_answers,
    check_patterns,
    check_teams,
    check_way_to_person,
    check_shared_slots,
    check_bundled,
    check_preticked,
    check_joined,
    check_conversations,
    check_linked_loops,
    check_journey_tests,
)
_OF_FLOW = (
    *GRAPH_CHECKS,
    check_slots,
    check_choices,
    check_templates,
    check_outcomes,
    check_consent_slots,
    check_preferences,
    check_flow_wording,
)
_OF_FLOW_IN_CONTENT = (
    check_journeys_exist,
    check_flows_exist,
    check_intents_exist,
    check_handoffs,
    check_conditions,
)
_OF_JOURNEY = (*GRAPH_CHECKS, check_journey_exit, check_purposes, check_stops, check_gates)
_OF_JOURNEY_IN_CONTENT = (check_journey_teams, check_journey_links, check_journey_outside, check_talks)
_OF_PATHS = (check_notice, check_marketing, check_special)


def check_content(content: Content) -> list[FlowError]:
    """Give every fault of the content; an empty list means it may be published."""
    return list(dict.fromkeys(_faults(content)))


def check_flow(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    """List the faults of one flow of the content, by itself and on its paths through the flows it leads to."""
    yield from _check_parts(folder, content)
    yield from _check_paths(folder.name, content)


def _faults(content: Content) -> Iterator[FlowError]:
    for check in _OF_CONTENT:
        yield from check(content)
    for folder in content.flows.values():
        yield from _check_parts(folder, content)
    roots = roots_of(content.flows, content.library.entry_flow if content.library else None)
    for root in dict.fromkeys((*roots, *talked_flows(content))):
        yield from _check_paths(root, content)
    facts = facts_of(content)
    for journey in content.journeys.values():
        yield from _check_journey(journey, facts, content)


def _check_parts(folder: FlowFolder, content: Content) -> Iterator[FlowError]:
    for check in _OF_FLOW:
        yield from check(folder)
    for check_within in _OF_FLOW_IN_CONTENT:
        yield from check_within(folder, content)


def _check_paths(root: str, content: Content) -> Iterator[FlowError]:
    for check in _OF_PATHS:
        yield from check(root, content)


def _check_journey(folder: JourneyFolder, facts: frozenset[str], content: Content) -> Iterator[FlowError]:
    for check in _OF_JOURNEY:
        yield from check(folder)
    for check_within in _OF_JOURNEY_IN_CONTENT:
        yield from check_within(folder, content)
    yield from check_journey_conditions(folder, facts)
    yield from check_journey_fields(folder, facts)
    yield from check_journey_wording(folder, facts, content.default_language)
