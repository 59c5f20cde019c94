"""What the commands of `parley flows` share: where content lies, what things are called, who is asked. Does no work."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from base.errors import ParleyError
from server.settings import Settings, read_settings

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_WHOLE_ITEMS = ("library", "knowledge", "intents")


class NotConfirmed(ParleyError):
    """Nothing was done."""

    code = "not_confirmed"


def content_options(command: click.decorators.FC) -> click.decorators.FC:
    """Adds `--content` and `--nlu`."""
    command = click.option("--nlu", type=_FOLDER, help="Folder with intents/ and knowledge/.")(command)
    return click.option("--content", type=_FOLDER, help="Folder with library/ and journeys/.")(command)


def history_options(command: click.decorators.FC) -> click.decorators.FC:
    """Adds `--note`, `--author` and `--yes`."""
    command = click.option("--yes", is_flag=True, help="Do not ask.")(command)
    command = click.option("--author", default=_user, help="Who, for the history; you, when not given.")(command)
    return click.option("--note", default="", help="Why, for the history.")(command)


def author_option(command: click.decorators.FC) -> click.decorators.FC:
    """Adds `--author`."""
    return click.option("--author", default=_user, help="Who, for the history; you, when not given.")(command)


def settings_of(content: Path | None = None, nlu: Path | None = None) -> Settings:
    """The settings, with the folders named on the command line."""
    given = {"content_dir": content, "nlu_dir": nlu}
    return read_settings(**{name: path.resolve() for name, path in given.items() if path is not None})


def flow_name(name: str) -> str:
    """A flow's name, also when it is written as the item or the folder `library/<flow>/`."""
    return name.rstrip("/").rpartition("/")[2]


def item_name(name: str) -> str:
    """An item's name; a flow may be called by its name alone."""
    name = name.rstrip("/")
    return name if "/" in name or name in _WHOLE_ITEMS else f"library/{name}"


def confirm(question: str, *, yes: bool) -> None:
    """Asks, and takes silence for a no.

    Raises:
        NotConfirmed: no, or nobody is there to answer.
    """
    if yes:
        return
    try:
        agreed = click.confirm(question)
    except click.Abort as abort:
        click.echo()
        raise NotConfirmed("Nothing was done, for nobody answered. Where nobody can be asked, say --yes.") from abort
    if not agreed:
        raise NotConfirmed


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in a container
        return "operator"
