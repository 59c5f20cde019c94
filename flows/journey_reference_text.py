"""Writes docs/reference/journey-steps.md from the models and their examples. Says nothing that the models do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.field_meanings import summary_of
from flows.journey_models import Journey
from flows.journey_steps import JourneyStep
from flows.journey_test_models import Happening, JourneyTest, Outcome, Person, Sent
from flows.reference_text import field_rows, field_table, read_examples, step_models, step_section

EXAMPLES = Path(__file__).with_name("journey_step_examples.yml")

_GROUPS = {"enter": "Enter", "time": "Time", "talk": "Talk", "decide": "Decide", "do": "Do", "leave": "Leave"}
_INTRODUCTION = """\
# The steps of journeys

Written by `python -m flows.steps_reference` from the models in `flows/journey_steps/`; change those, not this page.

A journey is a folder of `journeys/` with `journey.yml` (its settings and steps), `wording.<language>.yml` (what its
messages say) and `tests.yml` (runs in virtual time). Editors that know JSON Schema check them while you write, with
`journey.schema.json`, `journey-wording.schema.json` and `journey-tests.schema.json` beside this page. How to write one
stands in [journeys.md](../howto/journeys.md), the compiled form in [protocols.md](protocols.md).

Durations are written like `20 minutes` or `2 days`, times of day like `"09:30"`. All clocks are the recipient's own.
A text may name facts, and what a step remembers of an event, as `{{ name }}` or `{{ name | words when unknown }}`. It
may be given for each channel (`default`, `email`, `sms`, `telegram`, `web`, `voice`); only e-mail has a `subject`.
"""
_SETTINGS = """\
## Settings

A journey without enter steps begins at its first step, with who is put in by hand, over the API or by a flow.
"""
_CONDITIONS = """\
## Conditions

| Condition | Holds when |
|---|---|
| `{fact: name, op: is, value: hot}` | a fact of the contact compares so |
| `{score: fit, op: at_least, value: 40}` | one of the scores compares so; `total` is all together |
| `{segment: Regular buyers}` | the contact is in the segment of this name |
| `{happened: order_placed, where: …, within: 30 days, at_least: 2}` | the contact did this so often |
| `{not: {happened: order_placed, within: 30 days}}` | the contact did not |
| `{property: value, op: at_least, value: 50}` | only under `where`: a property of the event compares so |
| `{all: […]}`, `{any: […]}`, `{not: …}` | all of them hold, one of them does, it does not |

`op` is `is`, `is_not`, `in`, `known`, `unknown`, `at_least` or `at_most`. `happened` needs no more than the kind.
"""
_TESTS = """\
## Tests

`tests.yml` holds a list of runs in virtual time; `parley journeys test` runs them.
"""


def journey_reference_text() -> str:
    """Give the whole page."""
    return "\n".join([_INTRODUCTION, _SETTINGS, *_settings(), _CONDITIONS, *_steps(), _TESTS, *_tests()]) + "\n"


def _settings() -> Iterator[str]:
    yield field_table(field_rows(Journey, leave_out=("steps",)))


def _steps() -> Iterator[str]:
    examples = read_examples(EXAMPLES)
    group = None
    for name, model in step_models(JourneyStep).items():
        module = model.__module__.rpartition(".")[2]
        if module != group:
            yield f"## {_GROUPS[module]}\n"
            group = module
        yield from step_section(name, model, examples[name])


def _tests() -> Iterator[str]:
    for title, model in (
        ("One run", JourneyTest),
        ("One of `people`", Person),
        ("One of `happens`", Happening),
        ("One of `expect`", Outcome),
        ("One of `sends`", Sent),
    ):
        yield f"### {title}\n"
        yield f"{summary_of(model)}\n"
        yield field_table(field_rows(model))
