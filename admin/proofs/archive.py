"""The auditor's archive: the ledger, its heads, the keys and the program that checks them, in one zip. Reads only."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy.ext.asyncio import AsyncSession

from admin.proofs.pages import HOW_TO_CHECK, VERIFIER
from base.encryption import KeyRing
from crm.consent.export import LEDGER, export_ledger
from crm.consent.heads import list_heads
from crm.consent.signing import jwks_of, keep_public_keys, to_json_file


async def write_archive(session: AsyncSession, keys: KeyRing, file: Path, now: datetime) -> None:
    """Writes the archive. Run it in a transaction of one snapshot (`REPEATABLE READ`).

    Raises:
        LedgerDamaged: an event cannot be written down.
    """
    public_keys = await keep_public_keys(session, keys, now)
    heads = await list_heads(session, LEDGER)
    draft = file.with_name(f"{file.name}.draft")
    with ZipFile(draft, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", HOW_TO_CHECK)
        archive.writestr("verify_ledger.py", VERIFIER.read_bytes())
        archive.writestr("jwks.json", to_json_file(jwks_of(public_keys)))
        for head in heads:
            archive.writestr(f"heads/{head.file_name(LEDGER)}", head.as_file())
        with archive.open("ledger.jsonl", "w", force_zip64=True) as ledger:
            async for line in export_ledger(session, keys, now):
                ledger.write(line)
    draft.replace(file)
