"""The journeys there are: published versions, read once and kept, and which is live now. Writes nothing.

A version never changes, so definitions and the statements of their branches are kept for the life of the process; who
is live, paused or draining is read anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import Select, Text, any_, bindparam, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from base.tables import table_of
from outreach.definitions import JourneyDefinition
from outreach.models import Journey, JourneyVersion

_log = structlog.get_logger(__name__)

Version = tuple[str, str]
"""Journey and version."""


@dataclass(frozen=True, slots=True)
class Live:
    """A journey as it stands now. `places` is where people of older versions land: `{version: {step: step}}`."""

    definition: JourneyDefinition
    state: str
    places: Mapping[str, Mapping[str, str]]

    @property
    def name(self) -> str:
        return self.definition.journey

    def follows(self, version: str) -> bool:
        """Whether who is on this version is to go on by the live one."""
        return self.definition.version_policy == "follow" and version != self.definition.version


@dataclass
class Library:
    """Definitions and statements that were read before."""

    _definitions: dict[Version, JourneyDefinition | None] = field(default_factory=dict)
    _statements: dict[tuple[str, ...], Select[Any]] = field(default_factory=dict)

    async def read(self, session: AsyncSession, versions: Iterable[Version]) -> dict[Version, JourneyDefinition]:
        """These versions; one that is not there, or cannot be read, is absent."""
        wanted = set(versions)
        missing = wanted - self._definitions.keys()
        if missing:
            key = tuple_(JourneyVersion.journey, JourneyVersion.version)
            rows = await session.execute(
                select(JourneyVersion.journey, JourneyVersion.version, JourneyVersion.definition).where(
                    key.in_(missing)
                )
            )
            for journey, version, content in rows:
                self._definitions[journey, version] = _read(journey, version, content)
        found = {version: self._definitions.get(version) for version in wanted}
        return {version: definition for version, definition in found.items() if definition is not None}

    async def live(self, session: AsyncSession, journeys: Collection[str] | None = None) -> dict[str, Live]:
        """The journeys of these names, or all, as they stand now."""
        connection = await session.connection()
        if journeys is None:
            rows = (await connection.execute(_STANDING)).all()
        else:
            rows = (await connection.execute(_STANDING_OF, {"journeys": list(journeys)})).all()
        definitions = await self.read(session, [(row.id, row.live_version) for row in rows])
        return {
            row.id: Live(definitions[row.id, row.live_version], row.state, row.places)
            for row in rows
            if (row.id, row.live_version) in definitions
        }

    def statement(self, key: tuple[str, ...], build: Callable[[], Select[Any]]) -> Select[Any]:
        """The statement of this name, built the first time. Begin the key with what it is for, journey and version."""
        found = self._statements.get(key)
        if found is None:
            found = self._statements[key] = build()
        return found


def _read(journey: str, version: str, content: object) -> JourneyDefinition | None:
    try:
        return JourneyDefinition.model_validate(content)
    except ValidationError:
        _log.error("journey_version_unreadable", journey=journey, version=version)
        return None


_JOURNEYS = table_of(Journey)
_STANDING = select(_JOURNEYS.c.id, _JOURNEYS.c.live_version, _JOURNEYS.c.state, _JOURNEYS.c.places)
_STANDING_OF = _STANDING.where(_JOURNEYS.c.id == any_(bindparam("journeys", type_=ARRAY(Text()))))
