"""`parley proof …`: why a message went, all of a person's consent, opt-in evidence, an auditor's archive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from sqlalchemy import text

from server.settings import read_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from server.wiring import Platform

_OUT = click.Path(path_type=Path, dir_okay=False)


@click.group()
def proof() -> None:
    """Proofs: message, person, carrier, auditor."""


@proof.command()
@click.argument("message_id", type=click.UUID)
@click.option("--html", type=_OUT, help="Write a page into this file; else JSON is printed.")
def message(message_id: UUID, html: Path | None) -> None:
    """Why the message MESSAGE_ID (of the outbox) was sent, or not."""
    from admin.proofs.pages import message_html
    from admin.proofs.queries import prove_message
    from crm.consent.signing import signer_of
    from server.wiring import create_issuer

    async def run(platform: Platform, session: AsyncSession) -> Any:
        issuer, signer = create_issuer(platform.settings), signer_of(platform.keys)
        return await prove_message(session, message_id, issuer, signer)

    _give(_read(run), {html: message_html})


@proof.command()
@click.argument("contact_id", type=click.UUID)
@click.option("--html", type=_OUT, help="Write a page into this file; else JSON is printed.")
def person(contact_id: UUID, html: Path | None) -> None:
    """Everything about the consent of the person CONTACT_ID, and what was sent to them."""
    from admin.proofs.pages import person_html
    from admin.proofs.queries import prove_person
    from crm.consent.signing import signer_of
    from server.wiring import create_issuer

    async def run(platform: Platform, session: AsyncSession) -> Any:
        issuer, signer = create_issuer(platform.settings), signer_of(platform.keys)
        return await prove_person(session, contact_id, issuer, signer, platform.clock.now())

    _give(_read(run), {html: person_html})


@proof.command()
@click.option("--channel", default="sms", show_default=True)
@click.option("--purpose", default="marketing", show_default=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200), help="Opt-ins that are shown.")
@click.option("--html", type=_OUT, help="Write a page into this file.")
@click.option("--csv", "as_csv", type=_OUT, help="Write the sample into this file.")
def carrier(*, channel: str, purpose: str, limit: int, html: Path | None, as_csv: Path | None) -> None:
    """How people opted in, as a carrier's campaign form (10DLC) asks for it. Without a file JSON is printed."""
    from admin.proofs.pages import carrier_csv, carrier_html
    from admin.proofs.queries import prove_opt_ins
    from admin.proofs.shapes import CarrierQuery

    async def run(platform: Platform, session: AsyncSession) -> Any:
        query = CarrierQuery(channel=channel, purpose=purpose, limit=limit)
        return await prove_opt_ins(session, query, platform.settings.company_name)

    _give(_read(run), {html: carrier_html, as_csv: carrier_csv})


@proof.command()
@click.argument("file", type=_OUT)
def auditor(file: Path) -> None:
    """Write the ledger, its signed heads, the keys and the program that checks them into FILE (a zip)."""
    from admin.proofs.archive import write_archive

    async def run(platform: Platform, session: AsyncSession) -> None:
        await write_archive(session, platform.keys, file, platform.clock.now())

    _read(run)
    click.echo(str(file))


def _read(run: Callable[[Platform, AsyncSession], Coroutine[Any, Any, Any]]) -> Any:
    async def inside() -> Any:
        async with _snapshot() as (platform, session):
            return await run(platform, session)

    return asyncio.run(inside())


@asynccontextmanager
async def _snapshot() -> AsyncIterator[tuple[Platform, AsyncSession]]:
    """A transaction that sees one moment, however long it takes."""
    from base.database import transaction
    from server.database_access import open_database

    async with open_database(read_settings()) as platform, transaction(platform.sessions) as session:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        yield platform, session


def _give(found: Any, pages: dict[Path | None, Callable[[Any], str]]) -> None:
    asked = [(file, page) for file, page in pages.items() if file is not None]
    for file, page in asked:
        file.write_text(page(found), encoding="utf-8")
        click.echo(str(file))
    if not asked:
        click.echo(found.model_dump_json(indent=1))
