"""Mails made to break whoever reads them end soon: read, or refused, and in little memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import Malformed
from channels.email.bounces import read_bounce, read_complaint
from channels.email.origin import read_origin
from channels.email.reading import LONGEST, Mail, parse_mail, read_file, read_mail, refusing

FROM = b"From: a@b.example\r\n"
SECONDS = 15
"""Not a figure of speed: each of these took half a minute or for ever before it was bounded."""
MEGABYTES = 400


def nested(depth: int, within: bytes = b"") -> bytes:
    heads = (b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return FROM + b"".join(heads) + b"\r\nhello" + within


def with_header(name: bytes, value: bytes) -> bytes:
    head = b"" if name == b"From" else FROM
    return head + name + b": " + value + b"\r\n\r\nhello"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "parts in a thousand parts": lambda: nested(1000),
    "parts in parts, and then many lines": lambda: nested(18, b"\r\nx" * 390_000),
    "mails in mails": lambda: FROM + b"Content-Type: message/rfc822\r\n\r\n" * 1000 + b"\r\nhello",
    "a hundred thousand parts": lambda: (
        FROM + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + b"--x\r\n\r\n" * 100_000
    ),
    "a hundred thousand headers": lambda: (
        FROM + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\nhello"
    ),
    "a hundred thousand results of others": lambda: (
        FROM + b"Authentication-Results: mx; dmarc=pass header.from=b.example\r\n" * 100_000 + b"\r\nhello"
    ),
    "a hundred thousand signatures": lambda: (
        FROM + b"DKIM-Signature: v=1; a=rsa-sha256; d=b.example; s=s; h=from; bh=; b=\r\n" * 100_000 + b"\r\nhello"
    ),
    "ten million lines": lambda: FROM + b"\r\n" + b"\n" * 10_000_000,
    "ten million lines of the old Mac": lambda: FROM + b"\r\n" + b"\r" * 10_000_000,
    "a header of 19 MB": lambda: with_header(b"Subject", b"a " * (19 * 1024 * 512)),
    "a thousand senders": lambda: with_header(b"From", b"a@b.example, " * 10_000),
    "comments in comments of a sender": lambda: with_header(b"From", b"(" * 20_000 + b" a@b.example"),
    "a subject of Re:": lambda: with_header(b"Subject", b"re:" * 300_000),
    "encoded words in encoded words": lambda: with_header(b"Subject", b"=?utf-8?q?=3D?=" * 20_000),
    "a thousand parameters": lambda: with_header(b"Content-Type", b"text/plain" + b"; a=b" * 20_000),
    "comments in comments of a type": lambda: with_header(b"Content-Type", b"text/plain" + b"(" * 5_000),
    "a name of a file in pieces": lambda: with_header(
        b"Content-Disposition", b"attachment" + b"".join(b"; filename*%d=x" % n for n in range(5_000))
    ),
    "many references": lambda: with_header(b"References", b"<a@b> " * 300_000),
    "one long reference": lambda: with_header(b"References", b"<" * 300_000),
    "lines like headers": lambda: FROM + b"\r\n" + b"a:\n" * 100_000,
    "lines like the start of a quote": lambda: FROM + b"\r\n2026/11/28 " + b" <@" * 20_000,
    "lines like a German quote": lambda: FROM + b"\r\nAm " + b"schrieb " * 20_000,
    "lines of one introduction": lambda: FROM + b"\r\n" + b"On wrote\n" * 50_000 + b"> a\n> b\n> c",
    "quotes without end": lambda: FROM + b"\r\n" + b"> x\n" * 100_000,
    "tags in tags": lambda: with_header(b"Content-Type", b"text/html") + b"<div>" * 200_000,
    "quotes in quotes of HTML": lambda: with_header(b"Content-Type", b"text/html") + b"<blockquote>" * 100_000,
    "HTML of 19 MB": lambda: with_header(b"Content-Type", b"text/html") + b"<p>x</p>\r\n" * 1_900_000,
    "text of 19 MB": lambda: FROM + b"\r\n" + b"hello " * 3_200_000,
    "base64 that is none": lambda: (
        FROM + b"Content-Transfer-Encoding: base64\r\n\r\n" + (b"!" * 76 + b"\r\n") * 200_000
    ),
    "a name that no charset knows": lambda: with_header(b"Content-Type", b"text/plain; charset=" + b"k" * 900),
}


def read_all(raw: bytes) -> Mail | None:
    """Everything that is done with a mail before it is kept."""
    try:
        message = parse_mail(raw)
        mail = read_mail(message, fallback_id="none")
        with refusing():
            read_bounce(message)
            read_complaint(message)
            for file in mail.files:
                read_file(message, file.number)
    except Malformed:
        return None
    for authserv_id in (None, "mx"):
        read_origin(message, raw, mail.sender, authserv_id=authserv_id, lookup=lambda _name, timeout=5: None)
    return mail


@pytest.mark.parametrize("name", HOSTILE)
def test_a_mail_made_to_take_for_ever_does_not(name) -> None:
    raw = HOSTILE[name]()
    assert len(raw) <= LONGEST
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    mail = read_all(raw)
    assert time.process_time() - began < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024 < MEGABYTES
    if mail is not None:
        assert len(mail.text) <= 20_000
        assert len(mail.subject) <= 200
        assert len(mail.references) <= 20


def test_a_mail_with_many_parts_as_people_send_them_is_read() -> None:
    files = b"".join(
        b'--x\r\nContent-Type: image/png; name="%d.png"\r\nContent-Disposition: attachment\r\n\r\nx\r\n' % n
        for n in range(60)
    )
    raw = FROM + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nsee these\r\n' + files + b"--x--\r\n"
    mail = read_all(raw)
    assert mail is not None
    assert (mail.text, len(mail.files)) == ("see these", 60)


HEADERS = ("From", "To", "Subject", "Message-ID", "References", "In-Reply-To", "Content-Type", "Content-Disposition")
HEADERS += ("Content-Transfer-Encoding", "Authentication-Results", "DKIM-Signature", "Auto-Submitted", "MIME-Version")
PIECES = (
    "a@b.example", "Ann", "<", ">", "(", ")", '"', "\\", ",", ";", ":", "=", "@", " ", "\t", "\r\n ", "\0", "ÿ", "😀",
    "[", "=?utf-8?q?", "=?utf-8?b?", "?=", "=3D", "multipart/", "mixed", "report", "alternative", "text/plain",
    "text/html", "message/rfc822", "message/delivery-status", "boundary=x", "report-type=delivery-status", "charset=",
    "utf-8", "name*0*=", "filename=", "attachment", "base64", "quoted-printable", "mx;", "dmarc=pass",
    "header.from=b.example", "v=1", "a=rsa-sha256", "d=b.example", "s=x", "h=from", "bh=", "b=", "l=1", "--x\r\n",
    "\r\n\r\n", "9" * 30,
)  # fmt: skip
values = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)
heads = st.lists(st.tuples(st.sampled_from(HEADERS), values), max_size=8)


@given(heads, values)
def test_no_headers_break_the_reader_and_what_it_reads_can_be_kept(head, body) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in head)
    mail = read_all(f"From: a@b.example\r\n{lines}\r\n{body}".encode("utf-8", "surrogateescape"))
    if mail is not None:
        kept = [mail.sender, mail.name or "", mail.subject, mail.heading, mail.text, mail.message_id, *mail.references]
        kept += [word for file in mail.files for word in (file.name, file.media_type)]
        for one in kept:
            assert "\0" not in one
            one.encode()


def test_what_no_database_takes_is_left_out() -> None:
    mail = read_all(b"From: a@b.example\r\nMessage-ID: <\xff\xfe@x>\r\nSubject: a\xffb\r\n\r\nhi\x00\xff there")
    assert mail is not None
    assert mail.message_id == "none"
    assert mail.text.encode().startswith(b"hi")
    emoji = b"From: a@b.example\r\nMessage-ID: <" + "😀".encode() * 800 + b"@x>\r\n\r\nhi"
    assert read_mail(parse_mail(emoji), fallback_id="none").message_id == "none"
