"""`parley keys`: the keys that seal addresses, ids and secrets: shown, rotated, and retired for good."""

from __future__ import annotations

import asyncio

import click

from base.encryption import list_root_keys, retire_column_root
from server.settings import read_settings


@click.group(name="keys")
def keys() -> None:
    """Keys that seal addresses, ids and secrets."""


@keys.command(name="list")
def list_keys() -> None:
    """Show the keys and how many rows each seals (needs DATABASE_URL)."""
    from server.key_rotation import count_rows

    settings = read_settings()
    every = list_root_keys(settings.key_file)
    rows = asyncio.run(count_rows(settings))
    for key in every:
        state = "encrypts" if key.is_newest else f"retired {key.retired_on}" if key.retired_on else "decrypts"
        added = key.added_on or "unknown day"
        click.echo(f"{key.key_id}  added {added}  {state}  {sum(rows.get(key.key_id, {}).values())} rows")


@keys.command(name="models")
def show_model_keys() -> None:
    """Print what dialogue processes on other machines need: PARLEY_RASA_MODEL_KEYS."""
    from base.encryption import create_key_file, read_key_file
    from bot.signed_models import model_keys

    path = read_settings().key_file
    create_key_file(path)
    click.echo(model_keys(read_key_file(path)))


@keys.command()
def rotate() -> None:
    """Add a new key and seal everything again with it (needs DATABASE_URL)."""
    from server.key_rotation import rotate as run

    asyncio.run(run(read_settings(), click.echo))


@keys.command()
@click.argument("key_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire(key_id: str, *, yes: bool) -> None:
    """Destroy what KEY_ID seals with, once no row needs it (needs DATABASE_URL).

    Backups that are older than the last rotation cannot be read any more then: their addresses, ids of other systems
    and raw messages are lost, which is what erasing people from them takes.
    """
    from server.key_rotation import count_rows

    settings = read_settings()
    held = asyncio.run(count_rows(settings)).get(key_id, {})
    if held:
        where = ", ".join(f"{count} in {name}" for name, count in sorted(held.items()))
        raise click.ClickException(f"{key_id} still seals rows ({where}): run `parley keys rotate` first.")
    if not yes:
        click.confirm(f"Backups from before the last rotation become unreadable. Retire {key_id}?", abort=True)
    retire_column_root(settings.key_file, key_id)
    click.echo(f"{key_id} is retired. Restart the other processes, and remove it from copies of the key file.")
