"""Gives a command dialogue processes to talk to: those that run, or one of its own for as long as it needs it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import click

from bot.dialogue import DialogueSource, RasaDialogue
from server.local_replica import local_replica
from server.settings import Settings


@asynccontextmanager
async def open_dialogue(settings: Settings, source: DialogueSource, model: Path | None) -> AsyncIterator[RasaDialogue]:
    """The replicas that the settings name, else a local one.

    Args:
        model: what a local one loads at its start; others are pushed what they lack.

    Raises:
        ProcessFailed: the local one did not come up.
    """
    async with AsyncExitStack() as stack:
        urls, secret = settings.rasa_addresses, settings.rasa_secret
        if urls and secret is not None:
            dialogue = RasaDialogue(urls, secret.get_secret_value(), source)
        else:
            click.echo("Starting a dialogue process for this command …", err=True)
            url, own_secret = await stack.enter_async_context(local_replica(settings, model))
            dialogue = RasaDialogue([url], own_secret, source)
        await dialogue.open()
        stack.push_async_callback(dialogue.close)
        yield dialogue
