"""The registry: which table holds what about a person, why, how long, how it is found, given out and erased.

Reads one dated file. Knows tables by name, so that it may speak of rooms that crm does not import.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

FILE = Path(__file__).with_name("registry.yml")
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Place = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class DataClass(_Part):
    """Data of one kind: why it is processed and by what right."""

    title: str
    purposes: list[str] = Field(min_length=1)
    basis: str
    data: list[str]


class Way(_Part):
    """One way in which rows are a person's."""

    contact: Name | None = None
    conversation: Name | None = None
    address: Name | None = None
    sender: Name | None = None
    point: Name | None = None
    column: Name | None = None
    listed: Name | None = None
    within: Place | None = Field(None, alias="in")

    @model_validator(mode="after")
    def _is_one(self) -> Way:
        named = [self.contact, self.conversation, self.address, self.sender, self.point, self.column, self.listed]
        if sum(one is not None for one in named) != 1:
            raise ValueError("a way to rows names exactly one column")
        if (self.within is not None) != (self.column is not None or self.listed is not None):
            raise ValueError("`column` and `listed` need `in`, the others have none")
        return self


class Erase(_Part):
    """What becomes of rows when their person is erased: they go, go with another table's, or stay for a reason."""

    with_: Name | None = Field(None, alias="with")
    keep: str | None = None
    empty: dict[Name, Any] = Field(default_factory=dict)
    """Of rows that stay: columns and what they become."""

    @property
    def deletes(self) -> bool:
        return self.with_ is None and self.keep is None


class Keep(_Part):
    """How long rows are kept: days after the first of the `age` columns that is filled."""

    days: int = Field(ge=1)
    age: list[Name] = Field(min_length=1)
    where: dict[Name, list[str]] = Field(default_factory=dict)


class Merge(_Part):
    """What becomes of rows when their contact turns out to be another, and goes back when that was wrong."""

    move: Name | None = None
    """The column that then names the other contact."""
    keep: str | None = None
    """Why they stay as they are written."""
    anew: str | None = None
    """How they are made anew when contacts change: those of the merged one go."""
    one: list[Name] | None = None
    """Of rows alike in these columns a contact has one at most: a second ends, or is set aside in the record."""
    where: dict[Name, list[str]] = Field(default_factory=dict)
    """Which rows `one` and `ends` are about."""
    ends: dict[Name, Any] = Field(default_factory=dict)
    """What becomes of a row that ends."""
    ends_with: dict[Name, Name] = Field(default_factory=dict)
    """Columns that name rows of another table, with whose end a row ends, too."""
    about: dict[Name, Name] = Field(default_factory=dict)
    """Columns that say whom a row made since was about, and the table they name; the first that is filled counts."""

    @model_validator(mode="after")
    def _is_one_way(self) -> Merge:
        if sum(one is not None for one in (self.move, self.keep, self.anew)) != 1:
            raise ValueError("rows move, are kept, or are made anew")
        if self.ends and self.one is None and not self.ends_with:
            raise ValueError("`ends` needs `one` or `ends_with`")
        return self


class Held(_Part):
    """A table that holds something about contacts."""

    class_: Name = Field(alias="class")
    find: list[Way] = Field(min_length=1)
    export: list[Name] = Field(default_factory=list)
    sealed: dict[Name, Name] = Field(default_factory=dict)
    erase: Erase
    keep: Keep | None = None
    merge: Merge | None = None
    """Absent where rows name no contact themselves."""
    idle: dict[Name, int] = Field(default_factory=dict)
    """Of contacts: days without anything happening, by stage. A stage that is not named is kept."""

    @model_validator(mode="before")
    @classmethod
    def _read_delete(cls, content: Any) -> Any:
        if isinstance(content, dict) and content.get("erase") == "delete":
            return content | {"erase": {}}
        return content


class Other(_Part):
    """A table that holds nothing about contacts."""

    class_: Name = Field(alias="class")
    holds: str


class Registry(_Part):
    """The whole file. `tables` stand in the order in which rows are erased."""

    version: str
    classes: dict[Name, DataClass]
    tables: dict[Name, Held]
    others: dict[Name, Other]

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Registry:
        for name, table in self.tables.items():
            if table.class_ not in self.classes:
                raise ValueError(f"{name}: there is no class {table.class_}")
            places = [path.within.partition(".")[0] for path in table.find if path.within]
            missing = {*places, *([table.erase.with_] if table.erase.with_ else [])} - self.tables.keys()
            if missing:
                raise ValueError(f"{name}: there is no table {', '.join(sorted(missing))}")
        if twice := self.tables.keys() & self.others.keys():
            raise ValueError(f"named twice: {', '.join(sorted(twice))}")
        return self


@lru_cache(maxsize=1)
def read_registry() -> Registry:
    """The shipped file.

    Raises:
        pydantic.ValidationError: it does not have the form it needs.
    """
    return Registry.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
