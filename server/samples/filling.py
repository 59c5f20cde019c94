"""Fills the sample workspace, a step a transaction: whoever goes on after a crash begins behind the last step.

Companies first, then people one by one, an import, and in the end what follows from them all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions, repeat_on_deadlock, transaction
from base.encryption import KeyRing
from base.errors import NotFound
from base.ids import new_id
from crm.companies.service import DomainTaken, create_company, link_by_domain
from crm.imports.models import ContactImport, ImportedContact
from crm.imports.options import Options
from crm.imports.service import ImportEnded, Plan, carry_on, get_import, plan_file
from crm.imports.service import Turn as ImportTurn
from crm.privacy.requests import Hands
from crm.resolution.finding import look_at_due
from crm.samples.models import SampleThing, SampleWorkspace
from crm.samples.service import Turn, hold_turn, note_step
from crm.scoring.service import recompute_for
from crm.segments.errors import NameTaken
from crm.segments.service import create_segment
from outreach.library import Library
from server.samples.content import IMPORTED, domain_of, read_content
from server.samples.living import NOTICE, World, live

LASTS = 60
"""Seconds a turn is its worker's after each step."""
_IMPORT = "trade_fair"
_IMPORTED_AGO = timedelta(days=20)
_OLDEST = timedelta(days=60)

Step = Callable[[AsyncSession, SampleWorkspace], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Then:
    """A clock that stands at a moment: when the made-up import was made."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass(frozen=True)
class Filling:
    """Fills one workspace. `hands` file a made-up privacy request, and say who we are."""

    sessions: Sessions
    keys: KeyRing
    hands: Hands

    async def run(self, turn: Turn) -> None:
        """Does what is left to do.

        Raises:
            TurnOver: it is not this worker's any more.
        """
        people = [partial(self._tell_of, name=name) for name in read_content().people]
        after_import = self._count_all
        steps: list[Step] = [
            self._found_companies, *people, self._begin_import, after_import, self._look_for_same, _make_segments
        ]  # fmt: skip
        done = await self._count_done(turn)
        while done < len(steps):
            if steps[done] is after_import:
                await self._bring_in()
            done = await repeat_on_deadlock(partial(self._do, turn, steps))

    async def _count_done(self, turn: Turn) -> int:
        async with transaction(self.sessions) as session:
            return (await hold_turn(session, turn)).done

    async def _do(self, turn: Turn, steps: Sequence[Step]) -> int:
        """Does the next step; returns how many are done by then."""
        async with transaction(self.sessions) as session:
            workspace = await hold_turn(session, turn)
            await steps[workspace.done](session, workspace)
            done = workspace.done + 1
            await note_step(session, turn, done=done, total=len(steps), lasts=LASTS)
        return done

    async def _found_companies(self, session: AsyncSession, workspace: SampleWorkspace) -> None:
        made_at = workspace.made_at - _OLDEST
        for name, company in read_content().companies.items():
            fields = {"employees": company.employees, "industry": company.industry, "country": company.country}
            found = partial(create_company, session, self.keys, made_at, name=company.title, fields=fields)
            try:
                async with session.begin_nested():
                    made = await found(domains=[domain_of(name)])
            except DomainTaken:
                made = await found()
            session.add(SampleThing(kind="company", name=name, thing_id=made.id))
        await session.flush()

    async def _tell_of(self, session: AsyncSession, workspace: SampleWorkspace, name: str) -> None:
        things = select(SampleThing.name, SampleThing.thing_id).where(SampleThing.kind == "company")
        companies: dict[str, UUID] = dict((await session.execute(things)).all())
        world = World(
            keys=self.keys,
            hands=self.hands,
            library=Library(),
            content=read_content(),
            companies=companies,
            user_id=workspace.made_by,
            made_at=workspace.made_at,
        )
        await live(session, world, name)

    async def _begin_import(self, session: AsyncSession, workspace: SampleWorkspace) -> None:
        """Notes the import as a sample's, so that whoever it makes is made up from the first moment."""
        import_id, began = new_id(), workspace.made_at - _IMPORTED_AGO
        with _file(workspace.made_at) as path:
            plan = self._plan(path, workspace)
        await session.execute(
            insert(ContactImport).values(
                id=import_id,
                file_sha256=plan.file_sha256,
                mapping=plan.named_mapping,
                options=plan.options.as_json(),
                made_by=plan.made_by,
                started_at=began,
            )
        )
        session.add(SampleThing(kind="import", name=_IMPORT, thing_id=import_id))
        await session.flush()

    async def _bring_in(self) -> None:
        """Imports the file, in the transactions that imports have; what is stored already is not stored again."""
        claim = new_id()
        async with transaction(self.sessions) as session:
            (import_id,) = await session.scalars(select(SampleThing.thing_id).where(SampleThing.kind == "import"))
            workspace = await session.scalar(select(SampleWorkspace))
            one = await get_import(session, import_id)
            if workspace is None or one.state != "running":
                return
            one.claimed_by, after_row = claim, one.last_row
            await session.flush()
        clock = _Then(workspace.made_at - _IMPORTED_AGO)
        with _file(workspace.made_at) as path:
            plan = self._plan(path, workspace)
            turn = ImportTurn(import_id, claim, max(after_row, plan.headings.row))
            # What is removed meanwhile shows at the next step.
            with suppress(ImportEnded, NotFound):
                await carry_on(self.sessions, self.keys, plan, turn, clock=clock, told=lambda _: None)

    def _plan(self, path: Path, workspace: SampleWorkspace) -> Plan:
        notice = NOTICE.format(by="by e-mail")
        options = Options(consent_channels=("email",), notice_text=notice)
        by = f"user:{workspace.made_by}"
        return plan_file(path, options.map, options, made_by=by, controller=self.hands.controller)

    async def _count_all(self, session: AsyncSession, workspace: SampleWorkspace) -> None:
        imported = select(ImportedContact.contact_id).where(
            ImportedContact.import_id.in_(select(SampleThing.thing_id).where(SampleThing.kind == "import"))
        )
        await recompute_for(session, self.keys, list(await session.scalars(imported)), workspace.made_at)

    async def _look_for_same(self, session: AsyncSession, workspace: SampleWorkspace) -> None:
        """As the worker does each minute: who else is the same person, and where those without a company work."""
        while (looked := await look_at_due(session, self.keys, workspace.made_at)).due:
            await link_by_domain(session, self.keys, looked.contacts, workspace.made_at)


async def _make_segments(session: AsyncSession, workspace: SampleWorkspace) -> None:
    by = f"user:{workspace.made_by}"
    for name, segment in read_content().segments.items():
        try:
            async with session.begin_nested():
                made = await create_segment(
                    session, name=segment.title, tree=segment.tree, by=by, now=workspace.made_at
                )
        except NameTaken:
            continue
        session.add(SampleThing(kind="segment", name=name, thing_id=made.id))
    await session.flush()


@contextmanager
def _file(made_at: datetime) -> Iterator[Path]:
    """The file of the import, with the day on which people agreed."""
    agreed_at = (made_at - _IMPORTED_AGO - timedelta(days=2)).date().isoformat()
    with tempfile.TemporaryDirectory(prefix="parley-samples-") as folder:
        path = Path(folder) / "trade_fair.csv"
        path.write_text(IMPORTED.read_text(encoding="utf-8").replace("{consent_at}", agreed_at), encoding="utf-8")
        yield path
