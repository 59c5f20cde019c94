"""Builds the e-mail of one envelope: text, plain HTML, footer and the headers of one-click unsubscribe (RFC 8058).

Values only enter through the standard library's header objects, which refuse line breaks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from html import escape
from typing import Any

import dkim

from channels.email.settings import EmailSettings
from channels.email.words import Words
from crm.meetings.ics import Invitation, write_invitation
from outreach.decisions import SERVICE_PURPOSES
from outreach.ports import Envelope

_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>")
_SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"reply-to", b"auto-submitted",
    b"list-unsubscribe", b"list-unsubscribe-post", b"mime-version", b"content-type",
)  # fmt: skip
_OVERSIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"reply-to")
"""Signed once more than they are there: nobody can add another and have the signature hold."""
_URL = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")


class _OneLine(UnstructuredHeader):
    """A header that is never folded: folding turns a long address into encoded words that no mail reader follows."""

    name: str

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Ids(UnstructuredHeader):
    """A header of message ids, one a line: a long talk names more of them than fit into a line of a mail."""

    name: str

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"


def _policy(*, utf8: bool) -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    # The registry makes a subclass of this and of BaseHeader, which the type stubs do not say.
    for name in ("list-unsubscribe", "message-id", "in-reply-to"):
        registry.map_to_type(name, _OneLine)  # type: ignore[arg-type]
    registry.map_to_type("references", _Ids)  # type: ignore[arg-type]
    return EmailPolicy(linesep="\r\n", header_factory=registry, utf8=utf8)


@dataclass(frozen=True, slots=True)
class _Footer:
    words: Words
    why: str
    sender: str
    unsubscribe_url: str | None

    def as_text(self) -> str:
        link = f"\n{self.words.say('unsubscribe_at', url=self.unsubscribe_url)}" if self.unsubscribe_url else ""
        return f"{self.why}\n{self.sender}{link}"

    def as_html(self) -> str:
        link = ""
        if self.unsubscribe_url:
            link = f'<br><a href="{escape(self.unsubscribe_url)}">{escape(self.words.say("unsubscribe"))}</a>'
        return f"{escape(self.why)}<br>{escape(self.sender)}{link}"


def build_message(
    envelope: Envelope,
    settings: EmailSettings,
    *,
    to: str,
    unsubscribe_url: str,
    now: datetime,
    html: str | None = None,
    invitation: Invitation | None = None,
) -> EmailMessage:
    """The message as it goes over the wire.

    Args:
        to: the recipient's address, checked and in the form it is written to.
        html: its HTML, when something was done to what `build_html` gives.
        invitation: what calendars are to take from it; mail readers offer that by themselves, and it is attached.

    Raises:
        ValueError: an address or the subject cannot stand in a header.
    """
    assert settings.from_address, "the gate lets nothing through without a sender"
    promotional = envelope.purpose not in SERVICE_PURPOSES
    message = EmailMessage(policy=_policy(utf8=not to.isascii()))
    message["From"] = Address(settings.from_name or "", addr_spec=settings.from_address)
    message["To"] = _address(to)
    message["Subject"] = _subject(envelope) or Words(envelope.language).say("subject", sender=settings.from_name)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(envelope, settings)
    thread = _thread(envelope)
    message["Auto-Submitted"] = "auto-replied" if thread else "auto-generated"
    if thread:
        # RFC 5322, 3.6.4: what it answers, and all that came before that.
        answered = thread["in_reply_to"]
        message["In-Reply-To"] = answered
        message["References"] = " ".join(dict.fromkeys([*thread["references"], answered]))
    if settings.reply_to:
        message["Reply-To"] = Address(addr_spec=settings.reply_to)
    if promotional:
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    footer = _footer_of(envelope, settings, unsubscribe_url)
    # Quoted-printable throughout: long lines and any letter pass through every server.
    message.set_content(f"{envelope.text.strip()}\n\n-- \n{footer.as_text()}\n", cte="quoted-printable")
    message.add_alternative(html or _as_html(envelope, footer), subtype="html", cte="quoted-printable")
    if invitation is not None:
        _add_invitation(message, invitation, now)
    return message


def _add_invitation(message: EmailMessage, invitation: Invitation, now: datetime) -> None:
    content = write_invitation(invitation, now)
    method = {"method": invitation.method}
    # A part beside the text is what mail readers act on (RFC 6047); the file is for those that do not.
    message.add_alternative(content.decode(), subtype="calendar", cte="quoted-printable", params=method)
    message.add_attachment(content, maintype="text", subtype="calendar", filename="meeting.ics", params=method)


def build_html(envelope: Envelope, settings: EmailSettings, *, unsubscribe_url: str) -> str:
    """The message's HTML."""
    return _as_html(envelope, _footer_of(envelope, settings, unsubscribe_url))


def sign(content: bytes, settings: EmailSettings) -> bytes:
    """The message with a DKIM signature (RFC 6376) when a key is set, over both List-Unsubscribe headers (RFC 8058).

    Raises:
        ValueError: the key is none.
    """
    if not (settings.dkim_key and settings.dkim_selector):
        return content
    domain = (settings.from_address or "").rpartition("@")[2]
    try:
        signature: bytes = dkim.sign(
            content,
            settings.dkim_selector.encode("ascii"),
            domain.encode("idna"),
            settings.dkim_key.encode("ascii"),
            include_headers=[*(name for name in _SIGNED if name in _header_names(content)), *_OVERSIGNED],
        )
    except (dkim.DKIMException, UnicodeError) as error:
        raise ValueError("the DKIM key cannot sign") from error
    return signature + content


def find_signing_problem(settings: EmailSettings) -> str | None:
    """What is wrong with the DKIM key, in words; None when it signs, or when there is none."""
    if bool(settings.dkim_key) != bool(settings.dkim_selector):
        return "the DKIM key and its selector (dkim_key, dkim_selector) go together; only one of them is set."
    try:
        sign(b"From: nobody\r\n\r\n", settings)
    except ValueError:
        return "the DKIM key (dkim_key) cannot sign: it must be an RSA private key in PEM."
    return None


def _header_names(content: bytes) -> set[bytes]:
    head = content.partition(b"\r\n\r\n")[0]
    return {line.partition(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))}


def _thread(envelope: Envelope) -> dict[str, Any] | None:
    """What the message answers, if it answers a mail."""
    thread = envelope.content.get("thread")
    if not isinstance(thread, dict) or not _MESSAGE_ID.fullmatch(str(thread.get("in_reply_to"))):
        return None
    references = [str(one) for one in thread.get("references") or () if _MESSAGE_ID.fullmatch(str(one))]
    return {"subject": thread.get("subject"), "in_reply_to": thread["in_reply_to"], "references": references}


def _subject(envelope: Envelope) -> str:
    thread = _thread(envelope)
    if envelope.subject is None and thread is not None and thread["subject"]:
        return f"Re: {' '.join(str(thread['subject']).split())}"
    return " ".join((envelope.subject or "").split())


def _footer_of(envelope: Envelope, settings: EmailSettings, unsubscribe_url: str) -> _Footer:
    words = Words(envelope.language)
    promotional = envelope.purpose not in SERVICE_PURPOSES
    why = words.say("agreed" if promotional else "asked", sender=settings.from_name)
    postal_address = ", ".join(line.strip() for line in (settings.postal_address or "").splitlines() if line.strip())
    url = unsubscribe_url if promotional else None
    return _Footer(words, why, f"{settings.from_name}, {postal_address}", url)


def message_id(envelope: Envelope, settings: EmailSettings) -> str:
    """The same for every attempt, so that a receiver that gets it twice may show it once."""
    domain = (settings.from_address or "").rpartition("@")[2]
    return f"<{envelope.outbox_id}@{domain}>"


def _address(checked: str) -> Address:
    if checked.isascii():
        return Address(addr_spec=checked)
    # The parser behind addr_spec knows no letters beyond ASCII, though the header can carry them.
    username, _, domain = checked.rpartition("@")
    return Address(username=username, domain=domain)


def _as_html(envelope: Envelope, footer: _Footer) -> str:
    paragraphs = [block for block in re.split(r"\n\s*\n", envelope.text.strip()) if block.strip()]
    body = "\n".join(f'<p style="margin:0 0 16px">{_linked(block)}</p>' for block in paragraphs)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(envelope.language)}">\n<head><meta charset="utf-8">'
        f"<title>{escape(envelope.subject or '')}</title></head>\n"
        '<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#1a1a1a;background:#ffffff">\n'
        f'<div style="max-width:600px">\n{body}\n'
        '<p style="margin:32px 0 0;padding-top:16px;border-top:1px solid #dddddd;font-size:13px;color:#595959">'
        f"{footer.as_html()}</p>\n</div>\n</body>\n</html>\n"
    )


def _linked(block: str) -> str:
    """The block as HTML: everything escaped, web addresses made links, line breaks kept."""
    parts: list[str] = []
    end = 0
    for match in _URL.finditer(block):
        url = escape(match[0])
        parts += [escape(block[end : match.start()]), f'<a href="{url}">{url}</a>']
        end = match.end()
    parts.append(escape(block[end:]))
    return "".join(parts).replace("\n", "<br>\n")
