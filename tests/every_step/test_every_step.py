"""Every kind of step in one talk, on the web, by SMS and on the phone, as the person sees or hears it.

The transcripts beside this file are what was looked at and found good; `PARLEY_WRITE_TRANSCRIPTS=1` writes them anew.
"""

from __future__ import annotations

import os
import typing
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue import MemorySource, Need, Reply
from bot.publishing.checking import check_tree_aside
from bot.publishing.rehearsal import Beat, Rehearsal, Scenery
from bot.publishing.replay import NOTHING_KNOWN
from bot.rendering import render
from flows.content_tree import read_tree
from flows.steps import Step
from server.dialogue_access import open_dialogue
from server.settings import read_settings
from server.training import ensure_model, read_intents, signed

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
TIMES = ["2026-11-26T10:00:00+00:00", "2026-11-26T14:00:00+00:00"]
Act = str | tuple[str, Any]

# What the person does on each channel, question by question.
TALKS: Mapping[str, Sequence[Act]] = {
    "web": [
        ("tap", "left"), "just some words", "ada@lovelace.example", "+44 20 7946 0018", "twelve", "next friday",
        ("file", "paper.pdf"), ("tap", "4"), ("tap", "yes"), ("tap", "texts"), ("tap", "yes"), ("tap", "done"),
        "how much is it for 12 people", "where is my data stored", ("callback", {"agent": "Kim"}), ("tap", "t0"),
        ("tap", "stay"),
    ],
    "sms": [
        "1", "just some words", "ada@lovelace.example", "+44 20 7946 0018", "12", "27 November",
        "skip", "4", "yes", "1", "yes", "2", "how much is it for 12 people", "where is my data stored",
        ("callback", {"agent": "Kim"}), "1", "1",
    ],
    "voice": [
        "to the left", "just some words", "ada@lovelace.example", "+44 20 7946 0018", "twelve", "tomorrow",
        "four", "yes I agree", "1", "no", "2", "how much is it for 12 people", "where is my data stored",
        ("callback", {"agent": "Kim"}), "1", "i stay here",
    ],
}  # fmt: skip


@pytest.mark.journey
async def test_every_kind_of_step_works_on_web_sms_and_voice_and_reads_as_it_should() -> None:
    async with _dialogue() as (turns, scenery, compiled):
        for channel, talk in TALKS.items():
            rehearsal = Rehearsal(turns, scenery(channel), _answer)
            transcript = await _play(rehearsal, talk, channel)
            assert rehearsal.ended == "completed", f"{channel} stands on {rehearsal.open_step}\n{transcript}"
            _compare(HERE / "transcripts" / f"{channel}.txt", transcript)
            _check_records(rehearsal)
    kinds = {step["step"] for flow in compiled["flows"].values() for step in flow["steps"].values()}
    assert kinds == _all_kinds()


async def _play(rehearsal: Rehearsal, talk: Sequence[Act], channel: str) -> str:
    lines = _shown(await rehearsal.start(), channel)
    for act in talk:
        match act:
            case ("tap", value):
                beat = await rehearsal.tap(value)
            case ("file", name):
                beat = await rehearsal.send_file(name)
            case ("callback", body):
                beat = await rehearsal.call_back(body)
            case str(text):
                beat = await rehearsal.say(text)
        lines += ["", f"person: {act if isinstance(act, str) else ' '.join(map(str, act))}"]
        lines += _shown(beat, channel)
    return "\n".join(lines) + "\n"


def _shown(beat: Beat, channel: str) -> list[str]:
    return [line for reply in beat.replies for line in _lines(reply, channel)]


def _lines(reply: Reply, channel: str) -> list[str]:
    rendered = render(reply, channel)
    said = rendered.spoken if channel == "voice" else rendered.texts
    lines = [f"bot: {text}".replace("\n", "\n     ") for text in said]
    if rendered.media is not None:
        lines.append(f"     [{rendered.media.kind}: {rendered.media.alt}]")
    lines += [f"     [card: {card.title}]" for card in rendered.cards]
    if rendered.buttons:
        lines.append("     " + " ".join(f"[{button.label}]" for button in rendered.buttons))
    if rendered.keys:
        lines.append("     keys: " + ", ".join(f"{key}={value}" for key, value in rendered.keys.items()))
    return lines


def _compare(path: Path, transcript: str) -> None:
    if os.environ.get("PARLEY_WRITE_TRANSCRIPTS"):
        path.write_text(transcript)
    assert path.read_text() == transcript


def _check_records(rehearsal: Rehearsal) -> None:
    names = [effect["effect"] for effect in rehearsal.effects]
    for name in ("record_consent", "assign_variant", "set_outcome", "tag", "set_stage", "confirm_meeting"):
        assert name in names
    assert rehearsal.slots["agent"] == "Kim"
    assert rehearsal.slots["inner_end"] == "answered"
    assert rehearsal.slots["plan"] == "Starter"


def _all_kinds() -> set[str]:
    union = typing.get_args(Step)[0]
    return {typing.get_args(model.model_fields["step"].annotation)[0] for model in typing.get_args(union)}


async def _answer(need: Need) -> Mapping[str, Any]:
    if need.need == "http":
        return {"ok": True, "status": 200, "json": {"name": "Starter"}}
    if need.need == "free_times":
        times = [{"starts_at": time, "label": f"{datetime.fromisoformat(time):%a %-d %b, %H:%M}"} for time in TIMES]
        return {"times": times, "more": False}
    if need.need == "hold_time":
        return {"held": True, "hold": "held"}
    return NOTHING_KNOWN[need.need]


@asynccontextmanager
async def _dialogue() -> AsyncIterator[tuple[Any, Any, Mapping[str, Any]]]:
    settings = read_settings()
    tree = {
        item: files for item, files in read_tree(settings.content_dir, settings.nlu_dir).items() if _is_shared(item)
    }
    tree |= {f"library/{path.name}": _texts(path) for path in (HERE / "content").iterdir() if path.is_dir()}
    tree["library"] = {"library.yml": (HERE / "content" / "library.yml").read_text()}
    compiled = (await check_tree_aside(tree)).compiled
    model = await ensure_model(settings, read_intents(settings), print)
    source = MemorySource()
    flows, model_id = source.add_flows(compiled), source.add_model(signed(settings, model))
    async with open_dialogue(settings, source, model.path) as dialogue:
        yield dialogue, lambda channel: Scenery(flows, model_id, channel, "en", NOW), compiled


def _is_shared(item: str) -> bool:
    return item in ("library/patterns", "knowledge", "intents", "journeys/demo_follow_up")


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}
