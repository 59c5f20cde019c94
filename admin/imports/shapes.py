"""The API's shapes of imports and exports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape
from admin.leads.shapes import BandName
from crm.contacts.rules import Stage
from crm.imports.models import ImportState

Channel = Literal["email", "sms", "voice", "telegram"]


class UploadQuery(RequestShape):
    """The file's name, which is only shown, and the encoding of a CSV file that is not UTF-8."""

    name: Annotated[PlainText, Field(max_length=1_000)] = ""
    encoding: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")] = "utf-8-sig"


class ImportQuery(RequestShape):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[PlainText, Field(max_length=100)] | None = None


class ImportOptions(RequestShape):
    """How the file is taken.

    `columns`: what each column becomes, in their order; null leaves it out. Without any they are taken as guessed.
    `country`: where numbers without a country code are dialled. `purpose` and `consent_text`: what those with evidence
    agreed to; `consent_channels` are of rows with evidence that name none.
    """

    columns: Annotated[list[Annotated[PlainText, Field(max_length=70)] | None], Field(max_length=1_000)] | None = None
    country: Annotated[PlainText, Field(max_length=100)] | None = None
    language: Annotated[PlainText, Field(max_length=20)] = "en"
    consent_channels: Annotated[list[Channel], Field(default_factory=list, max_length=4)]
    purpose: Annotated[PlainText, Field(max_length=60)] = "marketing"
    consent_text: Annotated[PlainText, Field(min_length=1, max_length=20_000)] | None = None


class ImportColumn(AnswerShape):
    """A column of the file and what it becomes, null: it is left out."""

    heading: str
    target: str | None


class Import(AnswerShape):
    """An import. `rows` are dealt with, of about `rows_expected` (null: not known); `problems` can be downloaded.

    `file_name` is null when the file is no longer there. `made_by` and `undone_by`: `operator`, or `user:` and the
    user's id. `removed` is how many contacts undoing it removed.
    """

    id: UUID
    state: ImportState
    file_name: str | None
    made_by: str
    started_at: datetime
    finished_at: datetime | None
    problem: str | None
    rows: int
    rows_expected: int | None
    rows_a_second: int | None
    created: int
    refused: int
    consents: int
    problems: int
    undone_by: str | None
    undone_at: datetime | None
    removed: int


class ImportPage(AnswerShape):
    items: list[Import]
    next_cursor: str | None


class UploadedImport(AnswerShape):
    """A file that came, and what its columns are taken for; `targets`, or `field:NAME`, are what they can become."""

    imported: Import
    columns: list[ImportColumn]
    targets: list[str]


class RowProblem(AnswerShape):
    """What is wrong with a row; `refused`: nothing of it is imported, else all but this."""

    column: str
    reason: str
    refused: bool


class PreviewRow(AnswerShape):
    row: int
    values: dict[str, str]
    problems: list[RowProblem]


class ImportPreview(AnswerShape):
    """The first rows as they would come out. Who is a contact already shows only when the file is imported."""

    columns: list[ImportColumn]
    rows: list[PreviewRow]


class ExportQuery(RequestShape):
    """Which contacts: all, or those for whom all that is given holds; `q` and `band` as in the list of leads."""

    format: Literal["csv", "json", "parquet"] = "csv"
    q: Annotated[PlainText, Field(max_length=200)] | None = None
    band: BandName | None = None
    stage: Stage | None = None
    tag: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")] | None = None
