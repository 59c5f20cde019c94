"""Chat with flows in the terminal: shows step, slots and effects of every turn. Nothing is stored or really done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from base.errors import InvalidInput
from bot.dialogue import Need, Reply
from bot.publishing.rehearsal import Beat, Rehearsal
from bot.publishing.replay import NOTHING_KNOWN
from flows.parts import parse_duration

HELP = """Write as the person would. A number taps a choice. Also:
  /wait 20 minutes    say nothing for so long
  /file NAME          send a file
  /callback {"a": 1}  have another system call back
  /slots              show everything remembered
  /quit               leave"""


async def simulate(rehearsal: Rehearsal, flow: str | None) -> None:
    """Talks until the person leaves or the input ends."""
    click.echo(HELP + "\n")
    _show(rehearsal, await rehearsal.start(flow))
    known: dict[str, Any] = {}
    while True:
        try:
            line = click.prompt("you", prompt_suffix="> ", type=str).strip()
        except (click.Abort, EOFError):
            return
        if line in ("/quit", "/exit"):
            return
        if line == "/slots":
            _show_new_slots({}, rehearsal.slots)
            continue
        try:
            beat = await _do(rehearsal, line)
        except InvalidInput as error:
            click.secho(error.message, fg="red")
            continue
        except ValueError as error:
            click.secho(f"{error}.", fg="red")
            continue
        _show(rehearsal, beat)
        _show_new_slots(known, rehearsal.slots)
        known = rehearsal.slots


async def _do(rehearsal: Rehearsal, line: str) -> Beat:
    command, _, rest = line.partition(" ")
    match command:
        case "/wait":
            return await rehearsal.wait(parse_duration(rest))
        case "/file":
            return await rehearsal.send_file(rest or "document.pdf")
        case "/callback":
            return await rehearsal.call_back(json.loads(rest or "{}"))
    choices = rehearsal.question.choices if rehearsal.question else []
    if line.isdecimal() and 1 <= int(line) <= len(choices):
        return await rehearsal.tap(choices[int(line) - 1].value)
    return await rehearsal.say(line)


def _show(rehearsal: Rehearsal, beat: Beat) -> None:
    for reply in beat.replies:
        _show_reply(reply)
    for effect in beat.effects:
        fields = ", ".join(f"{name}={value!r}" for name, value in effect.items() if name != "effect")
        click.secho(f"  * {effect.get('effect')}: {fields}", fg="yellow")
    place = rehearsal.open_step or f"ended: {rehearsal.ended}"
    timer = f", silence in {timedelta(seconds=rehearsal.timer.seconds)}" if rehearsal.timer else ""
    click.secho(f"  [{place}; taken as {beat.acted_as}{timer}]", dim=True)


def _show_reply(reply: Reply) -> None:
    click.secho("bot> ", fg="green", nl=False)
    click.echo(reply.text)
    if reply.media is not None:
        click.echo(f"     ({reply.media.kind} {reply.media.url}: {reply.media.alt})")
    for card in reply.cards:
        click.echo("     # " + " - ".join(part for part in (card.title, card.text, card.link) if part))
    for number, choice in enumerate(reply.choices, start=1):
        click.echo(f"     {number}. {choice.label}")


def _show_new_slots(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    for name, value in after.items():
        if before.get(name) != value:
            click.secho(f"  {name} = {value!r}", fg="cyan")


async def answer_need(need: Need) -> Mapping[str, Any]:
    """Answers needs so that a talk can be tried: nothing is known, no system is called, some times are free."""
    if need.need == "http":
        click.secho(f"  > would call {need.connector}: {need.method} {need.path} {need.body or ''}", fg="yellow")
    if need.need == "free_times":
        first = (need.after or datetime.now().astimezone()).replace(minute=0, second=0, microsecond=0)
        times = [first + timedelta(days=day, hours=1) for day in range(1, (need.count or 3) + 1)]
        offered = [{"starts_at": time.isoformat(), "label": f"{time:%a %-d %b, %H:%M}"} for time in times]
        return {"times": offered, "more": True}
    if need.need == "hold_time":
        return {"held": True, "hold": "simulated"}
    return NOTHING_KNOWN[need.need]
