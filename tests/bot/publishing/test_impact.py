"""Who stands in a flow that changes is counted, and where they land is found out before anything goes live."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.publishing import impact as impact_module
from bot.publishing.checking import check_and_compile
from bot.publishing.impact import Place, changes_between, list_standing
from bot.publishing.proposal import Workshop, read_live
from bot.publishing.service import Publisher
from tests.bot.publishing.small_site import FLOW, WORDS, hello, reworded, small_site, stand
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.conftest import Database

_WITHOUT_COMPANY = small_site(
    library__hello=hello(
        FLOW.replace("  - id: ask_company\n    step: ask_text\n    slot: company\n", ""),
        WORDS.replace("ask_company: {text: What is your company called?, retry: What is it called?}\n", ""),
    )
)


async def test_people_on_removed_and_changed_steps_are_counted_with_where_they_land(
    publisher: Publisher, shop: Workshop, dialogue: ScriptedDialogue, now: datetime
) -> None:
    await publisher.publish(small_site(), author="Ada")
    old = (await read_live(shop.sessions)).compiled["flows"]["hello"]["version"]
    for step in ("ask_company", "ask_company", "ask_size"):
        await stand(shop.sessions, now, ("hello", old, step))
    dialogue.landing = lambda state: _land(state, "hello/person")
    site = {item: dict(files) for item, files in _WITHOUT_COMPANY.items()}
    site["library/hello"]["wording.en.yml"] = site["library/hello"]["wording.en.yml"].replace("How large", "How big")
    report = await publisher.publish(site, author="Ada")
    assert (report.impact.people, report.impact.sampled, report.impact.unknown) == (3, 3, None)
    assert list(report.impact.places) == [
        Place("hello/ask_company", "removed", 2, {"hello/person": 2}),
        Place("hello/ask_size", "changed", 1, {"hello/person": 1}),
    ]


async def test_only_open_recent_talks_in_another_version_count(
    shop: Workshop, now: datetime, database: Database
) -> None:
    compiled = check_and_compile(small_site()).compiled
    live = compiled["flows"]["hello"]["version"]
    await stand(shop.sessions, now, ("hello", "old", "ask_size"))
    await stand(shop.sessions, now, ("hello", "old", "ask_size"), ("gone", "old", "ask"))
    await stand(shop.sessions, now, ("hello", live, "ask_size"))
    await stand(shop.sessions, now)
    await stand(shop.sessions, now, ("hello", "old", "ask_size"), status="handed_off")
    await stand(shop.sessions, now, ("hello", "old", "ask_size"), at=now - timedelta(days=31))
    async with database.sessions() as session:
        standing = await list_standing(session, compiled, now)
    assert (standing.people, len(standing.states)) == (2, 2)


async def test_all_are_counted_but_only_the_latest_are_asked_after(
    shop: Workshop, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(impact_module, "SAMPLE", 2)
    for age in range(5):
        await stand(shop.sessions, now, ("hello", f"old{age}", "ask_size"), at=now - timedelta(hours=age))
    async with shop.sessions() as session:
        standing = await list_standing(session, check_and_compile(small_site()).compiled, now)
    assert standing.people == 5
    assert [state["stack"][0]["version"] for state in standing.states] == ["old0", "old1"]


async def test_not_knowing_where_people_land_does_not_keep_a_correction_back(
    publisher: Publisher, shop: Workshop, now: datetime, dialogue: ScriptedDialogue
) -> None:
    await publisher.publish(small_site(), author="Ada")
    await stand(shop.sessions, now, ("hello", "old", "ask_size"))
    dialogue.landing = lambda _state: {"nonsense": True}
    report = await publisher.publish(reworded("What size?"), author="Ada")
    assert report.seq == 2
    assert report.impact.people == 1
    assert report.impact.unknown
    bare = Publisher(replace(shop, replicas=None, tests=None, replays=None))
    assert (await bare.publish(small_site(), author="Ada")).impact.unknown == "no dialogue process was asked"


def test_a_step_is_changed_by_its_definition_or_its_words_and_else_the_same() -> None:
    before = check_and_compile(small_site()).compiled
    worded = check_and_compile(reworded("What size?")).compiled
    assert changes_between(before, before) == dict.fromkeys(
        ("hello/notice", "hello/ask_size", "hello/ask_company", "hello/person"), "same"
    )
    assert changes_between(before, worded)["hello/ask_size"] == "changed"
    shorter = changes_between(before, check_and_compile(_WITHOUT_COMPANY).compiled)
    assert shorter["hello/ask_company"] == "removed"
    assert shorter["hello/ask_size"] == "changed"  # it leads elsewhere
    assert shorter["hello/person"] == "same"


def _land(state: dict[str, object], after: str) -> dict[str, object]:
    frame = state["stack"][-1]  # type: ignore[index]
    return {"before": f"{frame['flow']}/{frame['step']}", "after": after, "moved": True}
