"""Steps that read what the person means. What an intent is stands in nlu_data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from flows.parts import Identifier
from flows.steps.base import Says, StepBase, Waiting

Entity = Literal[
    "email", "phone", "number", "date", "datetime", "money", "budget", "first_name", "company", "role", "people"
]


class IntentRoute(Waiting):
    """Asks an open question and goes by the intent of the answer.

    Where two routes are likely it asks which is meant, by their labels under `choices`. `next` is taken when the
    answer fits none of them. Without a text in the wording it does not ask but reads what was said last.

    Attributes:
        routes: the step each intent leads to.
        slot: keeps what was said.
    """

    says: ClassVar[Says] = "may"
    step: Literal["intent_route"]
    routes: dict[Identifier, Identifier] = Field(min_length=1)
    slot: Identifier | None = None

    @property
    def pauses(self) -> bool:
        return False

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from super().side_ways()
        yield from ((("routes", intent), to) for intent, to in self.routes.items())

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        if self.slot:
            yield ("slot",), self.slot


class Extract(StepBase):
    """Reads values out of what was just said into slots; what is not there leaves its slot as it was.

    Attributes:
        slots: what to look for, by the slot that keeps it: `email`, `phone`, `number`, `date`, `datetime` (a day with a
            time of day), `money` (a sum with its currency), `budget` (a sum of money, or the number said to be one),
            `first_name`, `company`, `role` (a job), `people` (how many work there; of a range the first number).
    """

    step: Literal["extract"]
    slots: dict[Identifier, Entity] = Field(min_length=1)

    def filled_slots(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from ((("slots", slot), slot) for slot in self.slots)


class AnswerKB(Waiting):
    """Asks for a question and answers it from the knowledge articles; `not_found` when none fits.

    Without a text in the wording it does not ask but answers what was said last.

    Attributes:
        not_found: where to go when no article fits.
    """

    says: ClassVar[Says] = "may"
    step: Literal["answer_kb"]
    not_found: Identifier

    @property
    def pauses(self) -> bool:
        return False

    def side_ways(self) -> Iterator[tuple[tuple[str | int, ...], Identifier]]:
        yield from super().side_ways()
        yield ("not_found",), self.not_found
