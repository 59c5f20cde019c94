"""Reads an e-mail that came in: who wrote, what they wrote themselves, and whether it is from a person at all.

Nothing here is believed: a header says what whoever sent it wished. `channels.email.origin` says what is proven.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import default
from email.utils import parseaddr
from typing import Literal

import quotequail
from selectolax.lexbor import LexborHTMLParser

from base.errors import Malformed

LONGEST = 20 * 1024 * 1024
"""Bytes of a mail that is read at all."""
_LONGEST_TEXT = 50_000  # characters that are looked at for what was quoted
_ID = re.compile(r"<[^<>\s]{1,900}>")
_MOST_REFERENCES = 20
_SIGNATURE = re.compile(r"^-- ?\r?$", re.MULTILINE)
_REPLY = re.compile(r"^\s*(?:re|aw|sv|ref|rif|fwd?|wg|tr|rv)\s*(?:\[\d+\])?\s*:\s*", re.IGNORECASE)
_BREAKS = ("br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "table")
_HIDDEN = ("script", "style", "head", "title", "template")
_LISTS = frozenset({"bulk", "junk", "list", "auto_reply"})

Kind = Literal["written", "automatic", "bounce", "complaint"]


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that came along. `number` counts the files of the mail from 0."""

    number: int
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail as it says of itself. `text` is what its writer wrote, without what they quoted and signed with."""

    kind: Kind
    message_id: str
    sender: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    references: tuple[str, ...] = ()
    files: tuple[MailFile, ...] = ()


def parse_mail(raw: bytes) -> EmailMessage:
    """The parts of a mail.

    Raises:
        Malformed: it is none, or larger than `LONGEST`.
    """
    if not raw.strip() or len(raw) > LONGEST:
        raise Malformed("This is no e-mail that can be read: it is empty or too large.")
    try:
        message = email.message_from_bytes(raw, policy=default)
    except (ValueError, LookupError, RecursionError) as error:
        raise Malformed("This is no e-mail that can be read.") from error
    assert isinstance(message, EmailMessage)
    return message


def read_mail(message: EmailMessage, *, fallback_id: str) -> Mail:
    """What a mail says.

    Args:
        fallback_id: the id of a mail that names none, the same whenever it is read.

    Raises:
        Malformed: nobody it could be from.
    """
    sender, name = _sender(message)
    kind = _kind(message)
    if not sender and kind == "written":
        raise Malformed("This e-mail names no sender.")
    ids = _ID.findall(_header(message, "Message-ID"))
    # In-Reply-To is the nearest: it comes last in References, and counts most.
    known = [*_ID.findall(_header(message, "References")), *_ID.findall(_header(message, "In-Reply-To"))]
    return Mail(
        kind=kind,
        message_id=ids[0] if ids else fallback_id,
        sender=sender,
        name=name,
        subject=bare_subject(_header(message, "Subject")),
        text=_own_words(message) if kind == "written" else "",
        references=tuple(dict.fromkeys(known))[-_MOST_REFERENCES:],
        files=tuple(_files(message)) if kind == "written" else (),
    )


def bare_subject(subject: str) -> str:
    """A subject without what mail programs put before it, in one line."""
    bare = " ".join(subject.split())
    while (shorter := _REPLY.sub("", bare, count=1)) != bare:
        bare = shorter
    return bare[:200]


def read_file(message: EmailMessage, number: int) -> bytes:
    """The bytes of a file of the mail.

    Raises:
        Malformed: it has no such file.
    """
    for place, part in enumerate(_file_parts(message)):
        if place == number:
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    raise Malformed("This e-mail has no such file.")


def _header(message: EmailMessage, name: str) -> str:
    """A header as text; what cannot be read is as if it were not there."""
    try:
        value = message.get(name, "")
        return str(value)
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):
        return ""


def _sender(message: EmailMessage) -> tuple[str, str | None]:
    try:
        addresses: Sequence[Address] = message["From"].addresses
        if addresses:
            # Of several, the first: the others wrote along.
            return addresses[0].addr_spec.strip(), _first_name(addresses[0].display_name)
    except (AttributeError, ValueError, LookupError, IndexError, TypeError):
        pass
    name, address = parseaddr(_header(message, "From"))
    return address.strip(), _first_name(name)


def _first_name(display: str) -> str | None:
    """What is probably a first name: the first word, unless the name is turned round by a comma."""
    words = display.partition(",")[2].split() if "," in display else display.split()
    return words[0][:60] if words and words[0].isalpha() else None


def _kind(message: EmailMessage) -> Kind:
    """Who or what wrote it (RFC 3464, 3834 and 5965, and what programs do that follow none of them)."""
    content = message.get_content_type()
    report = str(message.get_param("report-type", "", header="content-type")).lower()
    if content == "multipart/report" and report == "delivery-status":
        return "bounce"
    if content == "multipart/report" and report == "feedback-report":
        return "complaint"
    automatic = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    marks = (
        automatic not in ("", "no"),
        _header(message, "Precedence").strip().lower() in _LISTS,
        bool(_header(message, "List-Id") or _header(message, "X-Autoreply") or _header(message, "X-Autorespond")),
        _header(message, "X-Auto-Response-Suppress").strip().lower() not in ("", "none"),
        _header(message, "Return-Path").strip() == "<>",
        content == "multipart/report",
    )
    return "automatic" if any(marks) else "written"


def _own_words(message: EmailMessage) -> str:
    text = _text(message)[:_LONGEST_TEXT].replace("\r\n", "\n")
    parts = quotequail.unwrap(text)
    if parts is not None and (parts.get("text_top") or "").strip():
        text = parts["text_top"]
    text = _SIGNATURE.split(text, maxsplit=1)[0]
    lines = [line for line in text.split("\n") if not line.lstrip().startswith(">")]
    return "\n".join(lines).strip()


def _text(message: EmailMessage) -> str:
    for kind in ("plain", "html"):
        try:
            part = message.get_body(preferencelist=(kind,))
        except (AttributeError, ValueError, KeyError, TypeError):
            part = None
        if part is None:
            continue
        words = _decoded(part)
        text = words if kind == "plain" else _from_html(words)
        if text.strip():
            return text
    return ""


def _decoded(part: MIMEPart) -> str:
    try:
        content = part.get_content()
        return content if isinstance(content, str) else ""
    except (LookupError, ValueError, AttributeError):
        # A character set that nobody knows: most of it is readable all the same.
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _from_html(html: str) -> str:
    tree = LexborHTMLParser(html[: 4 * _LONGEST_TEXT])
    tree.strip_tags(list(_HIDDEN), recursive=True)
    for quoted in tree.css("blockquote, .gmail_quote, #divRplyFwdMsg, .moz-cite-prefix"):
        quoted.decompose()
    for name in _BREAKS:
        for node in tree.css(name):
            node.insert_after("\n")
    text = tree.body.text(separator="") if tree.body is not None else ""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in text.split("\n")))


def _files(message: EmailMessage) -> Iterator[MailFile]:
    for number, part in enumerate(_file_parts(message)):
        content = part.get_payload(decode=True)
        size = len(content) if isinstance(content, bytes) else 0
        yield MailFile(number, part.get_filename() or "file", part.get_content_type(), size)


def _file_parts(message: EmailMessage) -> Iterator[EmailMessage]:
    for part in message.walk():
        named = part.get_content_disposition() == "attachment" or part.get_filename() is not None
        if named and not part.is_multipart() and isinstance(part, EmailMessage):
            yield part
