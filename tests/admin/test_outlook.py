"""What is said of the next message of a journey: all that is certain and nothing more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.follow_ups.outlook import Outlook, outlook_of
from outreach.definitions import JourneyDefinition


def journey(**steps: dict) -> JourneyDefinition:
    return JourneyDefinition.model_validate(
        {
            "journey": "j",
            "name": "J",
            "version": "1",
            "purpose": "marketing",
            "first": next(iter(steps)),
            "steps": steps,
            "wording": {"en": {name: {"text": "Hello"} for name, step in steps.items() if step["step"] == "send"}},
        }
    )


def wait(to: str | None, seconds: int = 600) -> dict:
    return {"step": "wait_for", "seconds": seconds, "next": [{"to": to}] if to else []}


def send(*channels: str, to: str = "end") -> dict:
    return {"step": "send", "channels": channels, "next": [{"to": to}]}


def branch(*targets: str) -> dict:
    condition = {"fact": "score", "op": "at_least", "value": 1}
    return {"step": "branch", "next": [*({"if": condition, "to": to} for to in targets[:-1]), {"to": targets[-1]}]}


EXIT = {"step": "exit", "outcome": "completed"}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({"w": wait("a"), "a": send("email")}, Outlook("email", "a", "")),
        ({"a": send("web")}, Outlook("web", "a", "")),
        ({"w": wait("end")}, None),
        ({"w": wait(None)}, None),
        ({"w": wait("w2"), "w2": wait("w")}, None),
        (
            {"w": wait("w2"), "w2": wait("a", 2 * 86_400 + 3_600), "a": send("email")},
            Outlook("email", "a", "Goes out after a further wait of 2 days 1 hour."),
        ),
        (
            {"w": wait("a"), "a": send("email", "web")},
            Outlook(None, "a", "Goes out on the first of email, web that is allowed."),
        ),
        (
            {"w": wait("which_mail"), "which_mail": branch("a", "b"), "a": send("email"), "b": send("email")},
            Outlook("email", None, "Next step decided at which mail."),
        ),
        (
            {"w": wait("x"), "x": branch("a", "b"), "a": send("email"), "b": wait("c"), "c": send("web")},
            Outlook(None, None, "Next step decided at x."),
        ),
        (
            {"w": wait("x"), "x": branch("a", "end"), "a": send("email")},
            Outlook("email", None, "Next step decided at x."),
        ),
        ({"w": wait("x"), "x": branch("end", "w")}, None),
        ({"w": wait("x"), "x": branch("end")}, None),
        ({"w": wait("x"), "x": branch("a"), "a": send("sms")}, Outlook("sms", "a", "")),
    ],
)
def test_the_outlook_is_what_the_definition_makes_certain(steps, expected):
    definition = journey(**steps, end=EXIT)
    assert outlook_of(definition, next(iter(steps))) == expected


NAMES = [f"s{number}" for number in range(6)]
targets = st.sampled_from([*NAMES, "end"])
steps = st.one_of(
    st.builds(wait, targets),
    st.builds(lambda channel, to: send(channel, to=to), st.sampled_from(["email", "web"]), targets),
    st.lists(targets, min_size=1, max_size=3).map(lambda ways: branch(*ways)),
)


@given(st.lists(steps, min_size=6, max_size=6))
def test_any_journey_has_an_outlook_and_it_agrees_with_walking_every_way(content):
    definition = journey(**dict(zip(NAMES, content, strict=True)), end=EXIT)
    for start in NAMES:
        sends = set(first_sends(definition, start, frozenset()))
        outlook = outlook_of(definition, start)
        assert (outlook is None) is (not sends)
        if outlook is not None and outlook.step is not None:
            assert sends == {outlook.step}
        if outlook is not None and outlook.channel is not None:
            assert {definition.steps[name].channels[0] for name in sends} == {outlook.channel}


def first_sends(definition: JourneyDefinition, name: str, passed: frozenset[str]):
    step = definition.steps[name]
    if step.step == "send":
        yield name
        return
    for way in step.next:
        if way.to not in passed:
            yield from first_sends(definition, way.to, passed | {name})
