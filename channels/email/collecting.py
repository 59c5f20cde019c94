"""Fetches mail from mailboxes over IMAP: one process a mailbox, whichever gets its lock. Deletes and moves nothing.

How far it has read stands in the account, so that nobody's reading the mailbox by hand makes a mail go unseen. What was
in the mailbox before it was brought in is left alone. A mail that cannot be taken in is passed over: whoever sent it
must not be able to keep all others from being read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import structlog
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, SQLAlchemyError

from base.channel_contract import Attachment
from base.database import Sessions, transaction
from base.errors import InvalidInput, Malformed, ParleyError
from base.one_process import hold_alone
from channels.email.arrivals import MailArrivals
from channels.email.inbox import Inbox, read_inbox
from channels.email.reading import LONGEST, parse_mail, read_file
from outreach.accounts.book import AccountBook
from outreach.accounts.models import ChannelAccount
from outreach.accounts.service import NOTED

_log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=20)
PATIENCE = 30.0
"""Seconds for one answer of the IMAP server."""
_AT_ONCE = 20
"""Mails fetched in one go, as long as they have no more than `LONGEST` bytes together."""
_SEEN = "imap_read"


class MailboxAway(ParleyError):
    """The mailbox cannot be read."""

    code = "mailbox_away"
    status = 502


@dataclass(frozen=True, slots=True)
class _Read:
    """How far a mailbox was read.

    Attributes:
        validity: changes when the mailbox's numbers begin anew (RFC 3501, 2.3.1.1).
        folder: which mailbox that is: numbers of another one mean nothing in it.
    """

    validity: int
    uid: int
    folder: str


class Collecting:
    """Looks into every mailbox whose account names an IMAP server."""

    def __init__(
        self,
        sessions: Sessions,
        accounts: AccountBook,
        arrivals: MailArrivals,
        database_url: str,
        *,
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._arrivals = arrivals
        self._database_url = database_url
        self._look_every = look_every

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._accounts.refresh()
            except SQLAlchemyError as error:
                _log.warning("email_accounts_not_read", error=type(error).__name__)
            else:
                await asyncio.gather(*(self._look(one.id) for one in self._accounts.of_channel("email")))
            await asyncio.sleep(self._look_every.total_seconds())

    async def _look(self, account_id: UUID) -> None:
        try:
            async with hold_alone(self._database_url, f"parley email collecting {account_id}") as connection:
                if connection is not None:
                    await self.collect(account_id)
        except (MailboxAway, InvalidInput) as error:
            _log.warning("mailbox_not_read", account_id=str(account_id), error=error.message)
        except (psycopg.Error, SQLAlchemyError) as error:
            _log.warning("mailbox_not_read", account_id=str(account_id), error=type(error).__name__)
        except Exception:  # noqa: BLE001
            # The loop boundary: what was not noted as read is read again.
            _log.exception("mailbox_broke", account_id=str(account_id))

    async def collect(self, account_id: UUID) -> int:
        """Takes in what is new in a mailbox; returns how many mails that were.

        Raises:
            MailboxAway: it cannot be read now.
        """
        account = await self._accounts.get(account_id)
        inbox = read_inbox(account) if account is not None else None
        if inbox is None or inbox.host is None:
            return 0
        taken = 0
        while True:
            read = await self._how_far(account_id)
            now_read, mails = await asyncio.to_thread(_fetch_new, inbox, read)
            if read is not None and (read.folder, read.validity) != (now_read.folder, now_read.validity):
                _log.warning("mailbox_begins_anew", account_id=str(account_id))
            for uid, raw in mails:
                await self._take(account_id, inbox, raw, f"{now_read.validity}:{uid}")
            if now_read == read:
                return taken
            await self._note(account_id, now_read)
            taken += len(mails)

    async def _take(self, account_id: UUID, inbox: Inbox, raw: bytes | None, place: str) -> None:
        """Takes one mail in, or passes it over when it would be the same the next time."""
        problem = "MailTooLarge"
        try:
            if raw is not None:
                await self._arrivals.take(account_id, inbox, raw, place=place)
                return
        except (Malformed, DataError) as error:
            problem = type(error).__name__
        except (SQLAlchemyError, ParleyError):
            raise  # not the mail's fault
        except Exception as error:  # noqa: BLE001  # whatever a mail makes the program stumble over
            problem = type(error).__name__
        _log.error("mail_passed_over", account_id=str(account_id), place=place, error=problem)

    async def _how_far(self, account_id: UUID) -> _Read | None:
        async with self._sessions() as session:
            settings = await session.scalar(select(ChannelAccount.settings).where(ChannelAccount.id == account_id))
        held = (settings or {}).get(NOTED, {}).get(_SEEN)
        if not isinstance(held, Mapping):
            return None
        return _Read(int(held["validity"]), int(held["uid"]), str(held.get("folder")))

    async def _note(self, account_id: UUID, read: _Read) -> None:
        noted = ChannelAccount.settings.op("||")({NOTED: {_SEEN: asdict(read)}})
        async with transaction(self._sessions) as session:
            await session.execute(update(ChannelAccount).where(ChannelAccount.id == account_id).values(settings=noted))


class MailFiles:
    """Fetches the files of mails from where they lie: `bot.intake.service.Attachments`."""

    def __init__(self, accounts: AccountBook) -> None:
        self._accounts = accounts

    async def fetch(self, account_id: UUID, attachment: Attachment, *, max_bytes: int) -> bytes:
        """The file's bytes.

        Raises:
            MailboxAway: the mailbox or the mail is gone, or the file has more bytes.
        """
        account = await self._accounts.get(account_id)
        if account is None:
            raise MailboxAway
        place, _, number = attachment.ref.rpartition("/")
        data = await asyncio.to_thread(_fetch_file, read_inbox(account), place, int(number))
        if len(data) > max_bytes:
            raise MailboxAway("This file is larger than what is asked for.")
        return data


def check_mailbox(inbox: Inbox) -> int:
    """How many mails the folder holds. Asks the server: not for the event loop.

    Raises:
        MailboxAway: in words that say what did not work.
    """
    with _opened(inbox) as (_client, folder):
        return int(folder[b"EXISTS"])


def _fetch_new(inbox: Inbox, read: _Read | None) -> tuple[_Read, list[tuple[int, bytes | None]]]:
    """Some of what is new, and how far that goes; a mail that is too large without its bytes."""
    name = f"{inbox.user}@{inbox.host}/{inbox.folder}"
    with _opened(inbox) as (client, folder):
        validity = int(folder[b"UIDVALIDITY"])
        if read is None or (read.folder, read.validity) != (name, validity):
            # New to us: what lies there was for somebody else to answer.
            return _Read(validity, _latest(client, folder), name), []
        # "n:*" gives the last mail even when its number is below n.
        uids = sorted(uid for uid in client.search(["UID", f"{read.uid + 1}:*"]) if uid > read.uid)[:_AT_ONCE]
        sizes = client.fetch(uids, ["RFC822.SIZE"]) if uids else {}
        mails: list[tuple[int, bytes | None]] = []
        room, reached = LONGEST, read.uid
        for uid in uids:
            size = int(sizes[uid][b"RFC822.SIZE"]) if uid in sizes else 0  # gone meanwhile
            if size <= LONGEST and size > room:
                break
            if size > LONGEST:
                mails.append((uid, None))
            elif size:
                found = client.fetch([uid], ["BODY.PEEK[]"])
                mails += [(uid, found[uid][b"BODY[]"])] if uid in found else []
            room, reached = room - min(size, room), uid
        return _Read(validity, reached, name), mails


def _latest(client: IMAPClient, folder: Mapping[bytes, Any]) -> int:
    """The number of the last mail; few servers leave out which one comes next."""
    following = int(folder.get(b"UIDNEXT") or 0)
    return following - 1 if following else max(client.search(["ALL"]), default=0)


def _fetch_file(inbox: Inbox, place: str, number: int) -> bytes:
    return read_file(parse_mail(_fetch_one(inbox, place)), number)


def _fetch_one(inbox: Inbox, place: str) -> bytes:
    validity, _, uid = place.partition(":")
    with _opened(inbox) as (client, folder):
        if not uid.isdecimal() or str(folder[b"UIDVALIDITY"]) != validity:
            raise MailboxAway("This mail is not in the mailbox any more.")
        found = client.fetch([int(uid)], ["BODY.PEEK[]"])
        if int(uid) not in found:
            raise MailboxAway("This mail is not in the mailbox any more.")
        raw: bytes = found[int(uid)][b"BODY[]"]
        return raw


@contextmanager
def _opened(inbox: Inbox) -> Iterator[tuple[IMAPClient, Mapping[bytes, Any]]]:
    """The folder, opened for reading only."""
    if inbox.host is None:
        raise MailboxAway("No IMAP server is set for this mailbox.")
    try:
        with IMAPClient(inbox.host, port=inbox.port, ssl=inbox.tls, timeout=PATIENCE) as client:
            client.login(inbox.user, inbox.password)
            yield client, client.select_folder(inbox.folder, readonly=True)
    except MailboxAway:
        raise
    except IMAPClientError as error:
        # The server's own words may repeat the user's name.
        raise MailboxAway(
            f"The mail server refused ({type(error).__name__}): check the user, the password and the folder."
        ) from error
    except ValueError as error:
        raise MailboxAway("The user or the password has letters that this mail server does not take.") from error
    except OSError as error:
        raise MailboxAway("The mail server could not be reached: check its name, the port and encryption.") from error
