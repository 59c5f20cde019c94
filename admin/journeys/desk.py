"""What the endpoints of journeys work with beside the database. Holds no logic of requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from base.errors import ParleyError
from outreach.ports import LetterLook
from outreach.simulation import Place
from outreach.simulation_people import WrittenTalks

Found = TypeVar("Found")


class NowhereToTry(ParleyError):
    """Journeys cannot be tried out here: the database that would be thrown away afterwards cannot be started."""

    code = "nowhere_to_try"
    status = 503


class TooLong(ParleyError):
    """It took too long and was broken off: try fewer people, or fewer days."""

    code = "took_too_long"
    status = 503


class Laboratory(Protocol):
    """Where journeys are tried out: away from the site, and aside so that this process goes on answering."""

    async def try_out(self, work: Callable[[Place, WrittenTalks], Awaitable[Found]]) -> Found:
        """Does it in an empty place that is thrown away afterwards, one at a time. It runs in another event loop.

        Raises:
            NowhereToTry: there is no place.
            TooLong: it was broken off.
        """
        ...


class NoLaboratory:
    """Where nothing can be tried out."""

    async def try_out(self, work: Callable[[Place, WrittenTalks], Awaitable[Found]]) -> Found:  # noqa: ARG002
        """Always refuses."""
        raise NowhereToTry


@dataclass(frozen=True)
class JourneyDesk:
    """The collaborators of the journey editor.

    Attributes:
        looks: what channels make of a letter; on one that has none the letter's text is all there is.
    """

    laboratory: Laboratory = field(default_factory=NoLaboratory)
    looks: Mapping[str, LetterLook] = field(default_factory=dict)
