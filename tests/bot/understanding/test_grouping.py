"""Open gaps are grouped by meaning when it is due, in one transaction, and never more than a bounded number."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

import bot.understanding.grouping
from base.database import transaction
from base.errors import InvalidInput
from bot.dialogue import DialogueUnavailable
from bot.models import Message
from bot.understanding.claims import CLAIM
from bot.understanding.gaps import close_gaps
from bot.understanding.grouper import GapGrouper
from bot.understanding.grouping import EVERY, ask_for_grouping, drop_erased
from bot.understanding.models import Gap, GapGroup, Grouping
from tests.bot.knowledge.word_vectors import WordVectors
from tests.bot.stage import MovedClock
from tests.bot.understanding.missed_talk import Programs, miss
from tests.conftest import Database

MOON = ("do you ship to the moon", "delivery to the moon", "moon")
RAIN = ("will it rain", "is there rain")


class Away(WordVectors):
    """No dialogue process is there."""

    async def vectors(self, texts: object) -> object:  # type: ignore[override]
        raise DialogueUnavailable


@pytest.fixture
def clock(now: datetime) -> MovedClock:
    return MovedClock(now)


@pytest.fixture
def grouper(database: Database, programs: Programs, clock: MovedClock) -> GapGrouper:
    return GapGrouper(database.sessions, WordVectors(), programs, clock)


async def groups(database: Database) -> dict[str, set[str]]:
    """The words of each group by its name."""
    async with database.sessions() as session:
        rows = await session.execute(
            select(GapGroup.name, Message.text).join(Gap, Gap.group_id == GapGroup.id).join(Message)
        )
        found: dict[str, set[str]] = {}
        for name, text in rows:
            found.setdefault(name, set()).add(text)
        return found


async def test_messages_of_one_meaning_become_a_group_with_a_name_and_the_nearest_intent(
    database: Database, now: datetime, grouper: GapGrouper
) -> None:
    *_, newest = await miss(database.sessions, now, *MOON, intent="ask_delivery")
    await miss(database.sessions, now, "to the moon", intent="ask_pricing")
    await miss(database.sessions, now, *RAIN, "alone", intent=None)
    assert await grouper.group_if_due()
    assert await groups(database) == {"moon": {*MOON, "to the moon"}, "rain": set(RAIN)}
    async with database.sessions() as session:
        moon = await session.scalar(select(GapGroup).where(GapGroup.name == "moon"))
        rain = await session.scalar(select(GapGroup).where(GapGroup.name == "rain"))
        run = (await session.scalars(select(Grouping))).one()
    assert moon is not None
    assert rain is not None
    assert (moon.size, moon.nearest_intent, moon.language) == (4, "ask_delivery", "en")
    assert moon.example_message_id is not None
    assert newest != moon.example_message_id
    assert rain.nearest_intent is None
    assert (run.status, run.gaps, run.asked_by, run.problem) == ("done", 7, "clock", None)


async def test_languages_are_grouped_apart(database: Database, now: datetime, grouper: GapGrouper) -> None:
    await miss(database.sessions, now, *MOON)
    await miss(database.sessions, now, "moon", "la moon", language="fr")
    await grouper.group_if_due()
    async with database.sessions() as session:
        found = await session.execute(select(GapGroup.language, GapGroup.size).order_by(GapGroup.size))
        assert found.all() == [("fr", 2), ("en", 3)]


async def test_it_is_done_by_itself_only_where_something_came_and_the_last_run_was_a_while_ago(
    database: Database, now: datetime, grouper: GapGrouper, programs: Programs, clock: MovedClock
) -> None:
    assert not await grouper.group_if_due(), "nothing came"
    await miss(database.sessions, now, *MOON)
    assert await grouper.group_if_due()
    assert not await grouper.group_if_due()
    clock.move(timedelta(minutes=1))
    await miss(database.sessions, clock.now(), *RAIN)
    assert not await grouper.group_if_due(), "the last run was a minute ago"
    clock.move(EVERY)
    assert await grouper.group_if_due()
    assert set(await groups(database)) == {"moon", "rain"}
    clock.move(EVERY)
    assert not await grouper.group_if_due(), "nothing came since"
    assert len(programs.grouped) == 2


async def test_who_asks_for_it_has_it_at_once_and_asking_twice_is_asking_once(
    database: Database, now: datetime, grouper: GapGrouper, programs: Programs
) -> None:
    await grouper.group_if_due()
    for user in ("user:1", "user:2"):
        async with transaction(database.sessions) as session:
            await ask_for_grouping(session, by=user, now=now)
    assert await grouper.group_if_due()
    assert not await grouper.group_if_due()
    async with database.sessions() as session:
        assert (await session.scalars(select(Grouping.asked_by))).all() == ["user:1"]
    assert programs.grouped == [], "with no gaps there is nothing to compute"


async def test_the_last_grouping_is_replaced_whole(
    database: Database, now: datetime, grouper: GapGrouper, clock: MovedClock
) -> None:
    ids = await miss(database.sessions, now, *MOON)
    rain = await miss(database.sessions, now, *RAIN)
    await grouper.group_if_due()
    async with transaction(database.sessions) as session:
        assert await close_gaps(session, rain, "dismissed", now) == 2
        assert await close_gaps(session, rain, "used", now) == 0
        await ask_for_grouping(session, by="user:1", now=clock.now())
    await grouper.group_if_due()
    assert await groups(database) == {"moon": set(MOON)}
    async with database.sessions() as session:
        grouped = await session.scalars(select(Gap.message_id).where(Gap.group_id.is_not(None)))
        assert set(grouped) == set(ids)


async def test_what_is_closed_or_erased_while_groups_are_computed_is_in_none(
    database: Database, now: datetime, grouper: GapGrouper, programs: Programs
) -> None:
    first, second, third = await miss(database.sessions, now, *MOON)
    rain, _ = await miss(database.sessions, now, *RAIN)
    compute = programs.group

    async def meanwhile(items):
        async with transaction(database.sessions) as session:
            await close_gaps(session, [first], "dismissed", now)
            await session.execute(delete(Message).where(Message.id == rain))
        return await compute(items)

    programs.group = meanwhile  # type: ignore[method-assign]
    await grouper.group_if_due()
    async with database.sessions() as session:
        assert set(await session.scalars(select(Gap.message_id).where(Gap.group_id.is_not(None)))) == {second, third}
        assert (await session.scalars(select(GapGroup.size))).all() == [2], "rain is left alone"


async def test_a_group_of_which_words_were_erased_goes_with_its_name(
    database: Database, now: datetime, grouper: GapGrouper
) -> None:
    first, *_ = await miss(database.sessions, now, *MOON)
    await miss(database.sessions, now, *RAIN)
    await grouper.group_if_due()
    async with transaction(database.sessions) as session:
        await session.execute(delete(Message).where(Message.id == first))
        assert await drop_erased(session)
        assert not await drop_erased(session)
    assert set(await groups(database)) == {"rain"}


async def test_a_run_follows_at_once_when_words_were_erased(
    database: Database, now: datetime, grouper: GapGrouper
) -> None:
    first, *_ = await miss(database.sessions, now, *MOON)
    await grouper.group_if_due()
    async with transaction(database.sessions) as session:
        await session.execute(delete(Message).where(Message.id == first))
    assert await grouper.group_if_due()
    assert await groups(database) == {"moon": set(MOON[1:])}


async def test_only_the_newest_of_a_language_are_looked_at(
    database: Database, now: datetime, grouper: GapGrouper, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.understanding.grouping, "MOST_GAPS", 2)
    await miss(database.sessions, now, *MOON)
    await miss(database.sessions, now, *RAIN, language="fr")
    await grouper.group_if_due()
    (items,) = programs.grouped
    assert sorted(item["text"] for item in items) == sorted([*MOON[1:], *RAIN])


async def test_vectors_of_another_encoder_are_made_anew_and_kept(
    database: Database, now: datetime, grouper: GapGrouper, programs: Programs, clock: MovedClock
) -> None:
    await miss(database.sessions, now, MOON[0])
    await miss(database.sessions, now, MOON[1], encoder="older/1")
    await miss(database.sessions, now, MOON[2], encoder=None)
    await grouper.group_if_due()
    source = grouper.source
    assert isinstance(source, WordVectors)
    assert source.calls == [1, 2], "which encoder there is, then the two that lack its vectors"
    assert await groups(database) == {"moon": set(MOON)}
    async with transaction(database.sessions) as session:
        assert set(await session.scalars(select(Gap.encoder))) == {"words/1"}
        await ask_for_grouping(session, by="user:1", now=clock.now())
    await grouper.group_if_due()
    assert source.calls == [1, 2]
    assert programs.grouped[0] == programs.grouped[1]


async def test_a_refusal_is_shown_in_words_and_the_groups_stay(
    database: Database, now: datetime, grouper: GapGrouper, programs: Programs, clock: MovedClock
) -> None:
    await miss(database.sessions, now, *MOON)
    await grouper.group_if_due()
    programs.fails = InvalidInput("Too many of them.")
    async with transaction(database.sessions) as session:
        await ask_for_grouping(session, by="user:1", now=clock.now())
    await grouper.group_if_due()
    async with database.sessions() as session:
        failed = (await session.scalars(select(Grouping).where(Grouping.status == "failed"))).one()
    assert failed.problem == "Too many of them."
    assert set(await groups(database)) == {"moon"}


async def test_without_a_dialogue_process_it_is_tried_again_a_little_later(
    database: Database, now: datetime, programs: Programs, clock: MovedClock
) -> None:
    await miss(database.sessions, now, *MOON, encoder=None)
    away = GapGrouper(database.sessions, Away(), programs, clock)
    assert await away.group_if_due()
    assert not await away.group_if_due(), "it rests"
    for _ in range(5):
        await _let_claims_run_out(database)
        assert await away.group_if_due(), "however long that lasts"
    await _let_claims_run_out(database)
    assert await GapGrouper(database.sessions, WordVectors(), programs, clock).group_if_due()
    assert set(await groups(database)) == {"moon"}


async def test_a_run_that_takes_its_process_down_each_time_is_given_up(
    database: Database, now: datetime, grouper: GapGrouper, programs: Programs
) -> None:
    await miss(database.sessions, now, *MOON)
    programs.fails = RuntimeError("killed")  # type: ignore[assignment]
    for _ in range(3):
        with pytest.raises(RuntimeError):
            await grouper.group_if_due()
        assert not await grouper.group_if_due(), "the claim holds"
        await _let_claims_run_out(database)
    assert await grouper.group_if_due()
    async with database.sessions() as session:
        run = (await session.scalars(select(Grouping))).one()
    assert (run.status, run.attempts) == ("failed", 4)
    assert "broke off" in str(run.problem)


async def _let_claims_run_out(database: Database) -> None:
    async with transaction(database.sessions) as session:
        await session.execute(update(Grouping).values(claimed_until=Grouping.claimed_until - 2 * CLAIM))
