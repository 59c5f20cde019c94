"""Reads an e-mail that came in: who wrote, what they wrote themselves, and whether it is from a person at all.

Nothing here is believed: a header says what whoever sent it wished. `channels.email.origin` says what is proven. The
standard library's parser takes minutes for some mails of a few kilobytes, so everything it sees is bounded.
"""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage, Message, MIMEPart
from email.policy import EmailPolicy
from email.utils import parseaddr
from functools import cache
from typing import Literal

import quotequail
from selectolax.lexbor import LexborHTMLParser

from base.errors import Malformed
from channels.email.words import Words, list_languages
from crm.consent.opt_out.replies import names_device

LONGEST = 20 * 1024 * 1024
"""Bytes of a mail that is read at all."""
_MOST_LINES = 400_000  # files of that size in base64 have fewer
_MOST_PARTS, _DEEPEST = 100, 20  # parts of a mail, and how deep they lie in each other
_LONGEST_HEADER, _LONGEST_OF_CONTENT = 10_000, 1_000  # characters; the rest of a longer header is not read
_LONGEST_TEXT, _MOST_TEXT_LINES = 20_000, 1_000  # looked at for what was quoted
_LONGEST_LINE = 300  # characters that a pattern for quotes is given at once
_LONGEST_HTML, _MOST_TAGS = 200_000, 5_000
_QUOTED_LINES = 5  # of lines quoted one after another, as many as show that they are
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>")
_MOST_REFERENCES = 20
_SIGNATURE = re.compile(r"^-- ?\r?$", re.MULTILINE)
_REPLY = re.compile(r"\s*(?:re|aw|sv|ref|rif|fwd?|wg|tr|rv)\s*(?:\[\d+\])?\s*:\s*", re.IGNORECASE)
# The line before a quote, when a mail program broke it into more lines than quotequail joins.
_INTRODUCTION = re.compile(
    r"(?:^|\n)(?:On|Am|Le|El) [^\n]{1,200}(?:\n[^\n]{0,200}){0,3}?"
    r"\b(?:wrote|schrieb[^:\n]{0,200}|a écrit|escribió)\s?:\s*$"
)
_BREAKS = ("br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "table")
_HIDDEN = ("script", "style", "head", "title", "template")
_QUOTES = "blockquote, .gmail_quote, .yahoo_quoted, .protonmail_quote, .moz-cite-prefix"
# Outlook puts the mail that is answered below this, and not in it.
_ORIGINAL_BELOW = "#divRplyFwdMsg, div[style*='border-top:solid #'][style*='padding:3.0pt 0']"
_LINE_OF_ORIGINAL = "_" * 32
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
    """An e-mail as it says of itself.

    Attributes:
        text: what its writer wrote, without what they quoted and signed with.
        heading: the subject, unless it is that of a mail that this one answers or passes on.
    """

    kind: Kind
    message_id: str
    sender: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    heading: str = field(default="", repr=False)
    references: tuple[str, ...] = ()
    files: tuple[MailFile, ...] = ()


class _Policy(EmailPolicy):
    """Headers as the standard library understands them, cut where they are longer than headers are."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        of_content = name.lower().startswith("content-")
        return name, value[: _LONGEST_OF_CONTENT if of_content else _LONGEST_HEADER]


class _Part(EmailMessage):
    """A part of a mail that knows how deep it lies."""

    depth = 0

    def attach(self, payload: Message | str) -> None:
        if isinstance(payload, _Part):
            payload.depth = self.depth + 1
            if payload.depth > _DEEPEST:
                raise Malformed("This e-mail has parts in parts in parts: nobody writes such.")
        super().attach(payload)  # type: ignore[arg-type]


def _few_parts() -> Callable[..., _Part]:
    made = 0

    def make(policy: EmailPolicy[EmailMessage] | None = None) -> _Part:
        nonlocal made
        made += 1
        if made > _MOST_PARTS:
            raise Malformed(f"This e-mail has more than {_MOST_PARTS} parts: nobody writes such.")
        return _Part(policy=policy)

    return make


@contextmanager
def refusing() -> Iterator[None]:
    """Makes everything that the standard library stumbles over in a mail a refusal of the mail.

    Raises:
        Malformed: it stumbled.
    """
    try:
        yield
    except Malformed:
        raise
    except Exception as error:  # its parser of headers raises whatever it comes upon
        raise Malformed("This is no e-mail that can be read.") from error


def parse_mail(raw: bytes) -> EmailMessage:
    """The parts of a mail. May take seconds: not for the event loop.

    Raises:
        Malformed: it is none, or larger than `LONGEST`, or made of too many parts.
    """
    if not raw.strip() or len(raw) > LONGEST or raw.count(b"\n") + raw.count(b"\r") > 2 * _MOST_LINES:
        raise Malformed("This is no e-mail that can be read: it is empty or too large.")
    with refusing():
        # Typed as a class, used as what makes one.
        return email.message_from_bytes(raw, _few_parts(), policy=_Policy())  # type: ignore[arg-type]


def read_mail(message: EmailMessage, *, fallback_id: str) -> Mail:
    """What a mail says. May take seconds: not for the event loop.

    Args:
        fallback_id: the id of a mail that names none, the same whenever it is read.

    Raises:
        Malformed: nobody it could be from.
    """
    with refusing():
        sender, name = _sender(message)
        kind = _kind(message)
        if not sender and kind == "written":
            raise Malformed("This e-mail names no sender.")
        ids = _ID.findall(read_header(message, "Message-ID"))
        # In-Reply-To is the nearest: it comes last in References, and counts most.
        known = [
            *_ID.findall(read_header(message, "References")),
            *_ID.findall(read_header(message, "In-Reply-To")),
        ]
        subject = read_header(message, "Subject")
        has_prefix = _REPLY.match(subject) is not None
        return Mail(
            kind=kind,
            message_id=ids[0] if ids else fallback_id,
            sender=sender,
            name=name,
            subject=bare_subject(subject),
            text=_own_words(message, answers=has_prefix or bool(known)) if kind == "written" else "",
            heading="" if has_prefix else bare_subject(subject),
            references=tuple(dict.fromkeys(known))[-_MOST_REFERENCES:],
            files=tuple(_files(message)) if kind == "written" else (),
        )


def bare_subject(subject: str) -> str:
    """A subject without what mail programs put before it, in one line."""
    bare, place = " ".join(subject[:_LONGEST_HEADER].split()), 0
    while (found := _REPLY.match(bare, place)) is not None:
        place = found.end()
    return bare[place:][:200]


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


def read_header(message: MIMEPart, name: str) -> str:
    """A header as text that can be kept; what cannot be read is as if it were not there."""
    try:
        return _clean(str(message.get(name, "")))
    except Exception:  # noqa: BLE001  # as in `refusing`
        return ""


def _clean(text: str) -> str:
    """Without what no database takes: NUL, and halves of characters that stand for bytes which are none."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _sender(message: EmailMessage) -> tuple[str, str | None]:
    try:
        addresses: Sequence[Address] = message["From"].addresses
        if addresses:
            # Of several, the first: the others wrote along.
            return _clean(addresses[0].addr_spec).strip(), _first_name(_clean(addresses[0].display_name))
    except Exception:  # noqa: BLE001, S110  # as in `refusing`
        pass
    name, address = parseaddr(read_header(message, "From"))
    return address.strip(), _first_name(name)


def _first_name(display: str) -> str | None:
    """What is probably a first name: the first word, unless the name is turned round by a comma."""
    words = display.partition(",")[2].split() if "," in display else display.split()
    return words[0][:60] if words and words[0].isalpha() else None


def _kind(message: EmailMessage) -> Kind:
    """Who or what wrote it (RFC 3464, 3834 and 5965, and what programs do that follow none of them)."""
    content = message.get_content_type()
    report = message.get_param("report-type", "", header="content-type")
    report = report.lower() if isinstance(report, str) else ""
    if content == "multipart/report" and report == "delivery-status":
        return "bounce"
    if content == "multipart/report" and report == "feedback-report":
        return "complaint"
    automatic = read_header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    marks = (
        automatic not in ("", "no"),
        read_header(message, "Precedence").strip().lower() in _LISTS,
        bool(
            read_header(message, "List-Id")
            or read_header(message, "X-Autoreply")
            or read_header(message, "X-Autorespond")
        ),
        read_header(message, "X-Auto-Response-Suppress").strip().lower() not in ("", "none"),
        read_header(message, "Return-Path").strip() == "<>",
        content == "multipart/report",
    )
    return "automatic" if any(marks) else "written"


def _own_words(message: EmailMessage, *, answers: bool) -> str:
    """What the writer wrote themselves, above, below and between what they quote.

    A mail of nothing but a quote says nothing, unless it answers none: then what looks like a quote is a letter.
    """
    text = _shorten(_text(message))
    words = _unquoted(text)
    return words if words or answers else _without_footer(text)


def _unquoted(text: str) -> str:
    parts: Mapping[str, str] | None = quotequail.unwrap(text)
    if parts is None:
        return _without_footer(text)
    above, below = parts.get("text_top", ""), parts.get("text_bottom", "")
    words = (_without_footer(part) for part in (_INTRODUCTION.sub("", above), below))
    return "\n\n".join(part for part in words if part)


def _without_footer(text: str) -> str:
    """Without a signature, ours or theirs or that of a telephone, and without quoted lines; lines are whole again."""
    text = _SIGNATURE.split(text.replace("\n\0", ""), maxsplit=1)[0]
    ours = _our_footer()
    kept = [line for line in text.split("\n") if not line.lstrip().startswith(">") and not ours.search(line)]
    while kept and (not kept[-1].strip() or names_device(kept[-1])):
        kept.pop()
    return "\n".join(kept).strip()


@cache
def _our_footer() -> re.Pattern[str]:
    """The line with the link to unsubscribe, as it stands in mails of ours in any language."""
    named = "|".join(re.escape(Words(language).say("unsubscribe")) for language in list_languages())
    return re.compile(rf"(?:{named})\s*(?:[:<\[(].*)?$", re.IGNORECASE)


def _shorten(text: str) -> str:
    """The text as far as it is looked at.

    Of a long quote its first lines stay. A long line is broken, and what goes on after that marked with NUL, so that a
    pattern that goes back over and over does it over little.
    """
    lines: list[str] = []
    quoted = 0
    for line in text[: 10 * _LONGEST_TEXT].splitlines()[: 10 * _MOST_TEXT_LINES]:
        quoted = quoted + 1 if line.lstrip().startswith(">") else 0
        if quoted <= _QUOTED_LINES:
            lines.append(line[:_LONGEST_LINE])
        if not quoted:
            lines += [f"\0{line[at : at + _LONGEST_LINE]}" for at in range(_LONGEST_LINE, len(line), _LONGEST_LINE)]
    return "\n".join(lines[:_MOST_TEXT_LINES])[:_LONGEST_TEXT]


def _text(message: EmailMessage) -> str:
    for kind in ("plain", "html"):
        try:
            part = message.get_body(preferencelist=(kind,))
        except (AttributeError, ValueError, KeyError, TypeError):
            part = None
        if part is None:
            continue
        words = _clean(_decoded(part))
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
    tree = LexborHTMLParser("<".join(html[:_LONGEST_HTML].split("<", _MOST_TAGS)[:_MOST_TAGS]))
    tree.strip_tags(list(_HIDDEN), recursive=True)
    for original in tree.css(_ORIGINAL_BELOW):
        original.insert_before(f"\n{_LINE_OF_ORIGINAL}\n")
    for quoted in tree.css(_QUOTES):
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
        yield MailFile(number, _clean(part.get_filename() or "file")[:200], part.get_content_type(), size)


def _file_parts(message: EmailMessage) -> Iterator[EmailMessage]:
    for part in message.walk():
        named = part.get_content_disposition() == "attachment" or part.get_filename() is not None
        if named and not part.is_multipart() and isinstance(part, EmailMessage):
            yield part
