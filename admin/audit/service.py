"""What other rooms of the admin tell the audit log by. Never give it passwords, tokens, secrets or addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncSession

from admin.audit.chain import Author, Change, append
from admin.audit.trail import remember
from base.clock import Clock

if TYPE_CHECKING:
    from admin.api.endpoints import Call

Details = BaseModel | Mapping[str, Any] | None
_PEOPLE = ("contact", "lead")
_SAFE_INTEGER = 2**53


async def record(  # noqa: PLR0917  # the order of a sentence: who did what to which thing, from what to what
    session: AsyncSession,
    call: Call,
    action: str,
    subject_kind: str,
    subject_id: UUID | str | None,
    before: Details = None,
    after: Details = None,
    *,
    contact_id: UUID | None = None,
) -> None:
    """Has a change written into the audit log when the session's transaction commits, and not if it does not.

    Args:
        session: of `call.context`, in the transaction that makes the change.
        action: what was done, as `publish_flow`.
        subject_kind: singular, as `flow`; of `contact` and `lead` the details go when the person is erased.
        contact_id: the person that the details tell of, where the subject is something else.
    """
    if contact_id is None and subject_kind in _PEOPLE and subject_id is not None:
        contact_id = UUID(str(subject_id))
    change = Change(call.author, action, subject_kind, _name(subject_id), to_json(before), to_json(after), contact_id)
    remember(session.sync_session, change)


async def record_command(
    session: AsyncSession,
    clock: Clock,
    action: str,
    *,
    subject_kind: str,
    subject_id: UUID | str | None,
    before: Details = None,
    after: Details = None,
) -> None:
    """Writes what the command line changed: as the last thing in its transaction."""
    change = Change(Author("command_line"), action, subject_kind, _name(subject_id), to_json(before), to_json(after))
    await session.run_sync(lambda sync: append(sync, [change], clock.now()))


def to_json(details: Details) -> dict[str, Any] | None:
    """Details as JSON that the database gives back as it was: fractions and huge numbers become text."""
    if details is None:
        return None
    return {_text(name): _storable(value) for name, value in to_jsonable_python(details).items()}


def _storable(value: Any) -> Any:
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_text(name): _storable(each) for name, each in value.items()}
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < _SAFE_INTEGER):
        return value
    return _text(value)


def _text(value: Any) -> str:
    return str(value).replace("\0", "").encode(errors="replace").decode()


def _name(subject_id: UUID | str | None) -> str | None:
    return None if subject_id is None else str(subject_id)
