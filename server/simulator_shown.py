"""How the simulator's talk looks in the terminal. Decides nothing about the talk."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import click

from bot.dialogue import Reply
from bot.publishing.rehearsal import Beat, Rehearsal
from bot.rendering import render

_WIDTH = 100
_INDENT = "     "


def show_beat(rehearsal: Rehearsal, beat: Beat) -> None:
    """Shows what came of what the person did: what is said, what is recorded, where the talk stands."""
    for reply in beat.replies:
        _show_reply(reply, rehearsal.scenery.channel, rehearsal.scenery.language)
    for effect in beat.effects:
        fields = ", ".join(f"{name}={_plain(value)}" for name, value in effect.items() if name != "effect")
        _show(f"* {effect.get('effect')}: {fields}", fg="yellow")
    place = rehearsal.open_step or (f"ended: {rehearsal.ended}" if rehearsal.ended else "nothing open")
    timer = f"; silence counts in {timedelta(seconds=rehearsal.timer.seconds)}" if rehearsal.timer else ""
    _show(f"[{place}; taken as {beat.acted_as or 'nothing'}{timer}]", dim=True)


def show_slots(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Shows the slots that have another value than before, and those that were forgotten."""
    for name, value in after.items():
        if name not in before or before[name] != value:
            _show(f"{name} = {_plain(value)}", fg="cyan")
    for name in before:
        if name not in after:
            _show(f"{name} is forgotten", fg="cyan")


def _show_reply(reply: Reply, channel: str, language: str) -> None:
    rendered = render(reply, channel, language)
    for text in rendered.texts or rendered.spoken:
        _say(text)
    if rendered.media is not None:
        click.echo(f"{_INDENT}({rendered.media.kind}: {rendered.media.url})")
    for card in rendered.cards:
        click.echo(f"{_INDENT}# " + " - ".join(part for part in (card.title, card.text, card.link) if part))
    for number, choice in enumerate(rendered.buttons, start=1):
        click.echo(f"{_INDENT}{number}. {choice.label}")
    limits = reply.limits
    if rendered.texts and reply.input == "rating" and limits is not None and not rendered.buttons and channel == "web":
        click.echo(f"{_INDENT}(a number from {limits.lowest} to {limits.highest})")
    if rendered.source is not None and rendered.source.link:
        click.echo(f"{_INDENT}({rendered.source.title}: {rendered.source.link})")


def _say(text: str) -> None:
    click.secho("bot> ", fg="green", nl=False)
    paragraphs = [
        textwrap.fill(line, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, break_long_words=False)
        for line in text.splitlines()
    ]
    click.echo("\n".join(paragraphs).removeprefix(_INDENT))


def _show(text: str, **style: Any) -> None:
    click.secho(textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    "), **style)


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
