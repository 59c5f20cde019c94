"""A flow travels as one file with all it needs; a file that was tampered with, or is no bundle, is refused."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime

import pytest

from base.database import transaction
from base.errors import NotFound
from bot.publishing.bundle import MAX_BUNDLE, Bundle, BundleRefused, export_flow, read_bundle
from bot.publishing.bundle_import import BundleConflicts, import_as_drafts, plan_import
from bot.publishing.checking import check_and_compile
from bot.publishing.drafts import draft_tree, save_draft
from bot.publishing.service import Publisher
from flows.compiler import DEFAULT_CONTENT, DEFAULT_KNOWLEDGE
from flows.content_tree import MAX_FILE, PATTERNS, digest_of, read_tree
from flows.errors import FlowsRefused
from flows.intent_examples import examples_by_intent
from tests.bot.publishing.small_site import ARTICLE, EXAMPLES, LIBRARY, hello, small_site
from tests.conftest import Database

_BACK = """flow: call_back
name: Call back
description: Starts the rest.
language: en
nlu_triggers: [ask_call]
steps:
  - {id: notice, step: ai_notice}
  - {id: first, step: call_flow, flow: hello}
  - {id: mail, step: start_journey, journey: follow_up}
  - {id: route, step: intent_route, routes: {ask_pricing: person}}
  - {id: person, step: handoff, team: support}
"""
_CALLS = EXAMPLES + '- intent: ask_call\n  examples: |\n    - call me\n    - "ring: me"\n'
_TEAMS = LIBRARY.replace("sales: {}", "sales: {zone: Europe/Berlin}\n  support: {}\n  nobody: {}")


def _large_site() -> dict[str, dict[str, str]]:
    return small_site(
        library={"library.yml": _TEAMS},
        library__call_back={"flow.yml": _BACK, "wording.en.yml": "notice: {text: A machine speaks.}\n"},
        intents={"site.en.yml": _CALLS},
        knowledge={"pricing.md": ARTICLE, "other.md": ARTICLE.replace("ask_pricing", "ask_else")},
    )


def _bundle() -> bytes:
    return export_flow("call_back", _large_site())


def test_a_bundle_holds_the_flow_and_all_it_leads_to_and_nothing_else() -> None:
    bundle = read_bundle(_bundle())
    assert sorted(bundle.tree) == [
        "intents", "journeys/follow_up", "knowledge", "library/call_back", "library/hello", "library/patterns",
    ]  # fmt: skip
    assert list(bundle.tree["knowledge"]) == ["pricing.md"]
    assert examples_by_intent(bundle.tree["intents"]) == {
        "ask_call": ("call me", '"ring: me"'),
        "ask_pricing": ("what does it cost", "price please"),
        "request_demo": ("show me", "a demo please"),
    }
    assert {name: team.zone for name, team in bundle.teams.items()} == {"sales": "Europe/Berlin", "support": "UTC"}


def test_the_same_contents_give_the_same_bytes() -> None:
    assert _bundle() == _bundle()


def test_every_shipped_flow_can_be_exported_and_changes_nothing_where_it_came_from() -> None:
    tree = read_tree(DEFAULT_CONTENT, DEFAULT_KNOWLEDGE.parent)
    flows = [item.removeprefix("library/") for item in tree if item.startswith("library/") and item != PATTERNS]
    assert len(flows) > 5
    for flow in flows:
        plan = plan_import(read_bundle(export_flow(flow, tree)), tree)
        assert (plan.changed, plan.conflicts, plan.kept) == ({}, [], []), flow


def test_a_bundle_taken_into_another_site_passes_that_sites_checks() -> None:
    tree = read_tree(DEFAULT_CONTENT, DEFAULT_KNOWLEDGE.parent)
    # Its tests begin in the entry flow, which the other site has its own of.
    tree["library/support_triage"].pop("tests.yml")
    there = small_site(knowledge=None)
    plan = plan_import(read_bundle(export_flow("support_triage", tree)), there)
    assert plan.conflicts == []
    merged = {**there, **plan.changed}
    assert "support:" in merged["library"]["library.yml"]
    assert merged["library"]["library.yml"].startswith("# Ours.\n")
    assert "support_triage" in check_and_compile(merged).compiled["flows"]


def test_flows_that_the_test_conversations_begin_in_come_along() -> None:
    tree = read_tree(DEFAULT_CONTENT, DEFAULT_KNOWLEDGE.parent)
    assert "library/demo_request" in read_bundle(export_flow("support_triage", tree)).tree


def test_a_journey_that_a_flow_starts_brings_the_flows_it_talks_by_and_the_journeys_it_leads_on_to() -> None:
    tree = read_tree(DEFAULT_CONTENT, DEFAULT_KNOWLEDGE.parent)
    flow = tree["library/email_capture"]["flow.yml"]
    tree["library/email_capture"]["flow.yml"] = flow.replace("journey: guide_follow_up", "journey: re_permission")
    journey = tree["journeys/re_permission"]["journey.yml"]
    linked = journey.replace("    outcome: kept\n", "    outcome: kept\n    link_journey: payment_course\n")
    assert linked != journey
    tree["journeys/re_permission"]["journey.yml"] = linked

    bundle = read_bundle(export_flow("email_capture", tree))

    assert {"journeys/re_permission", "library/re_permission", "journeys/payment_course"} <= set(bundle.tree)
    assert "tests.yml" in bundle.tree["journeys/re_permission"]
    assert "sales" in bundle.teams


def test_what_is_new_comes_in_and_what_is_the_sites_own_stays() -> None:
    site = small_site(
        knowledge={"cost.md": ARTICLE.replace("ten euros", "nothing")},
        intents={"site.en.yml": EXAMPLES.replace("show me", "show us")},
        library__patterns={"wording.en.yml": "stopped: {text: Ours.}"},
    )
    plan = plan_import(read_bundle(_bundle()), site)
    assert plan.conflicts == []
    assert sorted(plan.changed) == ["intents", "library", "library/call_back"]
    assert list(plan.changed["intents"]) == ["site.en.yml", "call_back.yml"]
    assert list(examples_by_intent({"x": plan.changed["intents"]["call_back.yml"]})) == ["ask_call"]
    assert sorted(plan.kept) == [
        "intents: request_demo", "knowledge/cost.md", "library/patterns/wording.en.yml", "library: team sales",
    ]  # fmt: skip


async def test_conflicts_are_named_and_overwritten_only_on_request(
    database: Database, now: datetime, publisher: Publisher
) -> None:
    words = hello(words=hello()["wording.en.yml"].replace("How large", "How big"))
    await publisher.publish(small_site(library__hello=words), author="Ada")
    bundle = read_bundle(_bundle())
    with pytest.raises(BundleConflicts) as refused:
        async with transaction(database.sessions) as session:
            await import_as_drafts(session, bundle, author="Bob", now=now)
    assert refused.value.conflicts == ["library/hello"]
    async with transaction(database.sessions) as session:
        await save_draft(session, "library/hello", words, author="Ada", revision=None, now=now)
        await import_as_drafts(session, bundle, author="Bob", overwrite=True, now=now)
    async with database.sessions() as session:
        tree = await draft_tree(session)
    assert tree["library/hello"] == hello()
    assert tree["library/call_back"]["flow.yml"] == _BACK


@pytest.mark.parametrize(
    ("library", "line"),
    [
        ("entry_flow: hello\ndefault_language: en\n", "teams:\n  support: {}\n"),
        ("entry_flow: hello\ndefault_language: en\nteams: {}\n", "teams: {support: {}}"),
        ("entry_flow: hello\ndefault_language: en\nteams: {own: {}}\n", "teams: {support: {}, own: {}}"),
        (
            "teams:\n    own: {}  # they\nentry_flow: hello\ndefault_language: en\n",
            "    support: {}\n    own: {}  # they",
        ),
        ("{entry_flow: hello, default_language: en}\n", "{teams: {support: {}}, entry_flow"),
    ],
)
def test_teams_are_added_to_library_yml_as_its_author_wrote_it(library: str, line: str) -> None:
    bundle = read_bundle(export_flow("talk", _one_team()))
    plan = plan_import(bundle, small_site(library={"library.yml": library}))
    assert line in plan.changed["library"]["library.yml"]


def test_a_library_that_cannot_be_read_takes_no_teams() -> None:
    with pytest.raises(BundleRefused, match=r"library\.yml"):
        plan_import(read_bundle(_bundle()), small_site(library={"library.yml": "teams: ["}))


def test_a_flow_that_does_not_exist_or_cannot_be_read_is_not_exported() -> None:
    with pytest.raises(NotFound):
        export_flow("nothing", small_site())
    with pytest.raises(NotFound):
        export_flow("call_back", {k: v for k, v in _large_site().items() if k != "library/hello"})
    with pytest.raises(FlowsRefused, match=r"library/hello/flow\.yml:1"):
        export_flow("hello", small_site(library__hello=hello("flow: [")))


def _one_team() -> dict[str, dict[str, str]]:
    flow = _BACK.replace("call_back", "talk").split("  - {id: first")[0] + "  - {id: p, step: handoff, team: support}\n"
    return _large_site() | {"library/talk": {"flow.yml": flow, "wording.en.yml": "p: {text: Bye.}\n"}}


def _repacked(**changes: str | None) -> bytes:
    """The bundle with entries replaced, added or left out; the manifest stays unless it is among them."""
    with zipfile.ZipFile(io.BytesIO(_bundle())) as archive:
        entries: dict[str, str | None] = {name: archive.read(name).decode() for name in archive.namelist()}
    return _packed(entries | changes)


def _packed(entries: dict[str, str | None]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            if text is not None:
                archive.writestr(name, text)
    return packed.getvalue()


def test_repacking_alone_changes_nothing() -> None:
    assert read_bundle(_repacked()) == read_bundle(_bundle())


@pytest.mark.parametrize(
    "changes",
    [
        {"library/hello/flow.yml": "flow: other"},
        {"library/hello/wording.en.yml": None},
        {"library/extra/flow.yml": "flow: extra"},
        {"library/hello/../../../etc/passwd": "x"},
        {"../out.yml": "x"},
        {"/etc/passwd": "x"},
        {"library\\hello\\flow.yml": "x"},
        {"C:/x.yml": "x"},
        {"readme.txt": "x"},
        {"library/library.yml": LIBRARY},
        {"library/hello/": ""},
        {"manifest.json": None},
        {"manifest.json": "{}"},
        {"manifest.json": "not json"},
    ],
)
def test_a_bundle_that_was_changed_is_refused(changes: dict[str, str | None]) -> None:
    with pytest.raises(BundleRefused):
        read_bundle(_repacked(**changes))


@pytest.mark.parametrize("key", ["format", "flow", "items"])
def test_a_manifest_that_says_something_else_is_refused(key: str) -> None:
    with zipfile.ZipFile(io.BytesIO(_bundle())) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    wrong = {"format": 2, "flow": "other", "items": {**manifest["items"], "knowledge": "0" * 64}}
    with pytest.raises(BundleRefused):
        read_bundle(_repacked(**{"manifest.json": json.dumps(manifest | {key: wrong[key]})}))


def test_library_yml_cannot_come_in_even_when_the_manifest_names_it() -> None:
    with zipfile.ZipFile(io.BytesIO(_bundle())) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["items"]["library"] = digest_of({"library.yml": LIBRARY})
    changes = {"library/library.yml": LIBRARY, "manifest.json": json.dumps(manifest)}
    with pytest.raises(BundleRefused, match=r"library\.yml"):
        read_bundle(_repacked(**changes))


def test_a_zip_bomb_is_stopped_at_the_limit_of_an_entry() -> None:
    bomb = _repacked(**{"knowledge/bomb.md": "0" * (MAX_FILE * 20)})
    assert len(bomb) < MAX_FILE
    with pytest.raises(BundleRefused, match="larger than"):
        read_bundle(bomb)


def test_many_entries_together_are_stopped_too() -> None:
    with pytest.raises(BundleRefused, match="Unpacked"):
        read_bundle(_packed({f"knowledge/a{n}.md": "0" * MAX_FILE for n in range(51)}))
    with pytest.raises(BundleRefused, match="entries"):
        read_bundle(_packed({f"knowledge/a{n}.md": "" for n in range(2001)}))


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip", b"\0" * 100])
def test_what_is_no_zip_file_is_refused(data: bytes) -> None:
    with pytest.raises(BundleRefused):
        read_bundle(data)


def test_a_file_cut_off_or_too_large_is_refused() -> None:
    with pytest.raises(BundleRefused):
        read_bundle(_bundle()[:-40])
    with pytest.raises(BundleRefused, match="larger"):
        read_bundle(b"\0" * (MAX_BUNDLE + 1))


def test_no_single_wrong_byte_gets_through_as_other_contents() -> None:
    good = _bundle()
    whole = read_bundle(good)
    for place in range(0, len(good), 37):
        damaged = good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :]
        try:
            read: Bundle = read_bundle(damaged)
        except BundleRefused:
            continue
        assert read == whole


def test_texts_that_are_not_utf_8_and_entries_given_twice_are_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("knowledge/a.md", b"\xff")
    with pytest.raises(BundleRefused):
        read_bundle(packed.getvalue())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("knowledge/a.md", "a")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("knowledge/a.md", "b")
    with pytest.raises(BundleRefused, match="twice"):
        read_bundle(packed.getvalue())
