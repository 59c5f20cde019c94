"""The auditor's archive: the ledger, its heads, the keys and the program that checks them, in one zip. Reads only."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.proofs.pages import HOW_TO_CHECK, VERIFIER
from base.encryption import KeyRing
from crm.consent.export import SignedHead, export_ledger
from crm.consent.models import ConsentHead
from crm.consent.signing import jwks_of, keep_public_keys, to_json_file


async def write_archive(session: AsyncSession, keys: KeyRing, file: Path, now: datetime) -> None:
    """Writes the archive. Run it in a transaction of one snapshot (`REPEATABLE READ`).

    Raises:
        LedgerDamaged: an event cannot be written down.
    """
    public_keys = await keep_public_keys(session, keys, now)
    heads = await session.scalars(select(ConsentHead).order_by(ConsentHead.id))
    draft = file.with_name(f"{file.name}.draft")
    with ZipFile(draft, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", HOW_TO_CHECK)
        archive.writestr("verify_ledger.py", VERIFIER.read_bytes())
        archive.writestr("jwks.json", to_json_file(jwks_of(public_keys)))
        for row in heads:
            head = SignedHead(row.length, row.head, row.signed_at, row.key_id, row.jws)
            archive.writestr(f"heads/{head.file_name}", head.as_file())
        with archive.open("ledger.jsonl", "w", force_zip64=True) as ledger:
            async for line in export_ledger(session, keys, now):
                ledger.write(line)
    draft.replace(file)
