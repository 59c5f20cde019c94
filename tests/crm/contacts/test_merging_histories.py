"""Whoever is merged and whatever is known of them: taking it back gives both again, row for row."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from base.database import transaction
from crm.contacts.merged_rows import list_moving
from crm.contacts.merging import merge_contacts
from crm.contacts.unmerging import unmerge
from crm.privacy.persons import table_named
from crm.privacy.registry import read_registry
from tests.crm.contacts.filled_people import NOT_MADE, Filler, read_everything

# No shrinking: a smaller seed makes no simpler people.
HISTORIES = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.explicit, Phase.reuse, Phase.generate]
)


@settings(HISTORIES, max_examples=60)
@given(seed=st.integers(0, 2**32), most=st.integers(0, 3))
async def test_taking_a_merge_back_gives_both_again_row_for_row(database, now, seed, most) -> None:
    async with transaction(database.sessions) as session:
        filler = Filler(session, Random(seed), now, most=most)
        survivor, merged = await filler.make_person(), await filler.make_person()
        before = await read_everything(session)
        merge_id = await merge_contacts(session, survivor, merged, "user:1", now)
        assert await rows_naming(session, merged) == {}
        await unmerge(session, merge_id, "user:1", now + timedelta(minutes=1))
        assert await read_everything(session) == before
        await session.rollback()


@settings(HISTORIES, max_examples=25)
@given(seed=st.integers(0, 2**32))
async def test_merges_of_merged_ones_are_taken_back_one_by_one(database, now, seed) -> None:
    async with transaction(database.sessions) as session:
        filler = Filler(session, Random(seed), now)
        first, second, third = [await filler.make_person() for _ in range(3)]
        states, merges = [await read_everything(session)], []
        for survivor, merged in ((second, third), (first, second)):
            merges.append(await merge_contacts(session, survivor, merged, "user:1", now))
            states.append(await read_everything(session))
        assert await rows_naming(session, second) == await rows_naming(session, third) == {}
        for number in (1, 0):
            await unmerge(session, merges[number], "user:1", now)
            assert await read_everything(session) == states[number]
        await session.rollback()


async def test_the_people_made_up_here_have_rows_in_every_table_that_names_contacts(database, now) -> None:
    async with transaction(database.sessions) as session:
        filler = Filler(session, Random(7), now, most=8)
        for _ in range(6):
            await filler.make_person()
        held = read_registry().tables
        naming = {name for name, one in held.items() if one.merge is not None and one.merge.anew is None}
        assert naming - NOT_MADE - {"contacts"} <= filler.filled
        await session.rollback()


async def rows_naming(session, contact_id) -> dict[str, int]:
    """How many rows of tables that move still name a contact."""
    counts = {}
    for name, merge in list_moving():
        table = table_named(name)
        counts[name] = await session.scalar(select(func.count()).where(table.c[merge.move] == contact_id))
    return {name: count for name, count in counts.items() if count}
