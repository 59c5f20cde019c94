"""Makes an e-mail of each message and hands it over to an SMTP server. Knows nothing of consent or time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from channels.email.counting import may_count, with_counting
from channels.email.handover import hand_over, wire_address
from channels.email.message import build_html, build_message, find_signing_problem, message_id, sign
from channels.email.settings import EmailSettings
from channels.email.tokens import Unsubscribe, issue_token
from crm.consent.double_opt_in import LINK_PATH
from crm.consent.double_opt_in import issue_token as issue_confirmation
from crm.meetings.ics import Invitation
from crm.meetings.routes import PAGE_PATH as MEETING_PATH
from crm.meetings.routes import issue_token as issue_meeting_token
from crm.privacy.pages.routes import REQUEST_PATH
from crm.privacy.pages.tokens import issue_request_token
from outreach.accounts.book import AccountBook
from outreach.accounts.service import Account
from outreach.answers import OPENS_TALK
from outreach.decisions import ANSWERS
from outreach.ports import Envelope, Refused, SendOutcome


class EmailSender:
    """Fulfils outreach's port `Sender` for e-mail."""

    channel = "email"

    def __init__(
        self,
        settings: EmailSettings,
        keys: KeyRing,
        clock: Clock,
        sessions: Sessions | None = None,
        accounts: AccountBook | None = None,
    ) -> None:
        """Creates it.

        Args:
            sessions: where it is kept what can be counted; without them nothing is.
            accounts: the mailboxes that are read, so that mails are answered to one of them.
        """
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._sessions = sessions
        self._accounts = accounts
        self._signing_problem = find_signing_problem(settings)

    def configured(self) -> str | None:
        """The setting without which nothing may be sent; None when all are there."""
        return self._settings.missing() or self._signing_problem

    async def send(self, envelope: Envelope) -> SendOutcome:
        """Hands over one message."""
        server = self._settings.server
        if server is None or envelope.address is None:
            return Refused("no_address", "There is no mail server or no address to send it to.")
        try:
            to = wire_address(envelope.address)
            content = await self._content_of(envelope, to, self._keys.blind_index(envelope.address, kind="email"))
        except ValueError:
            return Refused("unsendable", "This address or subject cannot stand in an e-mail.")
        return await hand_over(content, to, self._settings, server, name=message_id(envelope, self._settings))

    async def _content_of(self, envelope: Envelope, to: str, address_index: bytes) -> bytes:
        token = issue_token(self._keys, Unsubscribe(envelope.outbox_id, envelope.contact_id, address_index))
        site = (self._settings.public_url or "").rstrip("/")
        url = f"{site}/unsubscribe/{token}"
        envelope = self._with_link(envelope, site)
        html = await self._counted(envelope, site, url)
        settings = replace(self._settings, reply_to=await self._reply_to(envelope))
        message = build_message(
            envelope,
            settings,
            to=to,
            unsubscribe_url=url,
            now=self._clock.now(),
            html=html,
            invitation=self._invitation_of(envelope, to, site),
        )
        return sign(message.as_bytes(), self._settings)

    def _with_link(self, envelope: Envelope, site: str) -> Envelope:
        """A mail that asks to confirm something, with its link: the token is made here and stored nowhere."""
        if (confirmation_id := envelope.content.get("confirmation_id")) is not None:
            path = LINK_PATH.format(token=issue_confirmation(self._keys, UUID(confirmation_id)))
        elif (request_id := envelope.content.get("privacy_request_id")) is not None:
            path = REQUEST_PATH.format(token=issue_request_token(self._keys, UUID(request_id)))
        elif (meeting_id := envelope.content.get("meeting_id")) is not None:
            path = self._path_of_meeting(UUID(meeting_id))
        else:
            return envelope
        link = site + path
        return replace(envelope, text=envelope.text.replace("{link}", link))

    def _path_of_meeting(self, meeting_id: UUID) -> str:
        return MEETING_PATH.format(token=issue_meeting_token(self._keys, meeting_id))

    def _invitation_of(self, envelope: Envelope, to: str, site: str) -> Invitation | None:
        """What of a mail about a meeting goes into calendars."""
        meeting = envelope.content.get("meeting")
        if not isinstance(meeting, dict) or not self._settings.from_address:
            return None
        meeting_id = UUID(envelope.content["meeting_id"])
        return Invitation(
            meeting_id=meeting_id,
            title=meeting["title"],
            place=meeting["place"],
            starts_at=datetime.fromisoformat(meeting["starts_at"]),
            ends_at=datetime.fromisoformat(meeting["ends_at"]),
            organizer_name=self._settings.from_name or "",
            organizer_email=self._settings.from_address,
            attendee=to,
            cancelled=meeting["cancelled"],
            sequence=meeting["sequence"],
            link=None if meeting["cancelled"] else site + self._path_of_meeting(meeting_id),
        )

    async def _reply_to(self, envelope: Envelope) -> str | None:
        """Where an answer to it goes: in a talk to the mailbox of the talk, else where the operator wants them.

        Where they say nothing, to the mailbox that is read. None: to the address it comes from.
        """
        mailbox = await self._mailbox_of(envelope)
        read = None if mailbox is None else mailbox.address
        wanted = (read or self._settings.reply_to) if _is_in_talk(envelope) else (self._settings.reply_to or read)
        return None if wanted == self._settings.from_address else wanted

    async def _mailbox_of(self, envelope: Envelope) -> Account | None:
        """The mailbox of the talk, also one that was brought in a moment ago; else the first there is."""
        if self._accounts is None:
            return None
        if envelope.account_id is not None:
            await self._accounts.get(envelope.account_id)
        return self._accounts.find("email", envelope.account_id)

    async def _counted(self, envelope: Envelope, site: str, unsubscribe_url: str) -> str | None:
        """The HTML with what is counted, when openings are counted at all and the person agreed to it."""
        if not self._settings.counts or self._sessions is None or _is_in_talk(envelope):
            return None
        if {"confirmation_id", "privacy_request_id", "meeting_id"} & envelope.content.keys():
            # Its link acts by itself: a counted one would stand in a table.
            return None
        async with transaction(self._sessions) as session:
            if not await may_count(session, envelope.contact_id, self._clock):
                return None
            html = build_html(envelope, self._settings, unsubscribe_url=unsubscribe_url)
            return await with_counting(session, self._keys, envelope.outbox_id, html, site=site, keep=[unsubscribe_url])


def _is_in_talk(envelope: Envelope) -> bool:
    """Whether it answers somebody, or begins a talk: nobody's reading of that is watched."""
    return envelope.purpose in ANSWERS or bool({"thread", OPENS_TALK} & envelope.content.keys())
