"""Chat with flows in the terminal, as a channel would show it. Nothing is stored, sent or called."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from base.errors import InvalidInput
from bot.dialogue import DialogueFailed, Need
from bot.publishing.as_if import answer_as_if
from bot.publishing.rehearsal import Beat, Rehearsal
from bot.rendering import render
from flows.parts import parse_duration
from server.simulator_shown import show_beat, show_slots

HELP = """Write as the person would. A number taps a choice. Also:
  /wait 20 minutes    say nothing for so long
  /file NAME          send a file
  /callback {"a": 1}  have another system call back
  /slots              show everything remembered
  /quit               leave
"""


class NotUnderstood(InvalidInput):
    """That is no command of the simulator."""

    code = "not_understood"


async def simulate(rehearsal: Rehearsal, flow: str | None) -> None:
    """Talks until the person leaves or the input ends."""
    click.echo(HELP)
    show_beat(rehearsal, await rehearsal.start(flow))
    known: dict[str, Any] = {}
    while (line := _read_line()) is not None:
        if line == "/slots":
            show_slots({}, rehearsal.slots)
            continue
        try:
            beat = await _do(rehearsal, line)
        except (InvalidInput, DialogueFailed) as error:
            click.secho(f"  {error.message}", fg="red")
            continue
        show_beat(rehearsal, beat)
        show_slots(known, rehearsal.slots)
        known = rehearsal.slots


def _read_line() -> str | None:
    """What is typed, or what stands in the next line of a file; None at the end."""
    while True:
        try:
            line = input("you> ").strip()
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return None
        if not sys.stdin.isatty():
            click.echo(line)  # so that a talk from a file can be read
        if line in ("/quit", "/exit"):
            return None
        if line:
            return line


async def _do(rehearsal: Rehearsal, line: str) -> Beat:
    command, _, rest = line.partition(" ")
    match command:
        case "/wait":
            return await rehearsal.wait(_duration(rest))
        case "/file":
            return await rehearsal.send_file(rest or "document.pdf")
        case "/callback":
            return await rehearsal.call_back(_body(rest))
    if line.startswith("/"):
        raise NotUnderstood(f"There is no command {command}, only /wait, /file, /callback, /slots and /quit.")
    value = _tapped(rehearsal, line)
    return await (rehearsal.say(line) if value is None else rehearsal.tap(value))


def _tapped(rehearsal: Rehearsal, line: str) -> str | None:
    """The value of the choice that a line names by its number or key, as the channel would take it."""
    if rehearsal.question is None:
        return None
    rendered = render(rehearsal.question, rehearsal.scenery.channel, rehearsal.scenery.language)
    numbers = {str(number): choice.value for number, choice in enumerate(rendered.buttons, start=1)}
    return numbers.get(line) or rendered.find_choice(line)


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise NotUnderstood(f"How long? {str(error).capitalize()}") from error


def _body(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text or "{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise NotUnderstood('What another system sends is a JSON object, such as /callback {"status": "paid"}')
    return body


async def answer_need(need: Need) -> Mapping[str, Any]:
    """Answers needs so that a talk can be tried: nothing is known, no system is called, some times are free."""
    if need.need == "http":
        body = f" {json.dumps(need.body, ensure_ascii=False)}" if need.body else ""
        click.secho(f"  > would call {need.connector}: {need.method} {need.path}{body}", fg="yellow")
    return answer_as_if(need, datetime.now().astimezone())
