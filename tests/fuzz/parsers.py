"""What reads bytes of strangers, each as a function of bytes: it may refuse in its own way, and never breaks or hangs.

`make fuzz` looks for bytes that reach code that none has reached before (`look.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from multidict import MultiDict

from base.errors import ParleyError
from channels.email.reading import parse_mail, read_mail
from channels.sms.payloads import read_form
from channels.sms.signatures import is_signed
from channels.web.frames import read_client_frame, read_hello
from crm.consent.opt_out.keywords import is_other_keyword, is_refusal, is_stop_word, read_keyword
from flows.wording import fallbacks_in, has_broken_placeholder, names_in, render

FOUND = Path(__file__).parent / "found"
"""Bytes that once broke a parser, by its name; tried in every run."""
CHANNELS = ("web", "sms", "telegram", "voice", "email")


def signature(data: bytes) -> None:
    head, _, body = data.partition(b"\n")
    text, token = body.decode("utf-8", "surrogateescape"), head.decode("utf-8", "surrogateescape")
    fields = MultiDict((name, value) for name, _, value in (pair.partition("=") for pair in text.split("&")))
    for content in (text, fields):
        assert not is_signed("https://bot.example/hooks/sms/x" + token, content, token, ("token-of-tests",))
        assert not is_signed("https://bot.example/", content, None, ("token-of-tests",))


def form(data: bytes) -> None:
    read_form(data)


def mime(data: bytes) -> None:
    mail = read_mail(parse_mail(data), fallback_id="<x@bot.example>")
    assert "\x00" not in mail.text


def keyword(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    is_refusal(text)
    for channel in CHANNELS:
        is_stop_word(text, channel)
        read_keyword(text, channel=channel)
        is_other_keyword(text, channel)


def template(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    names = names_in(text)
    # A value that looks like a placeholder is text, and is not read a second time.
    shown = render(text, dict.fromkeys(names, "{{ 7*7 }}"))
    assert "49" not in shown or "49" in text
    has_broken_placeholder(text)
    fallbacks_in(text)


def frame(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for read in (read_hello, read_client_frame):
        with suppress(ParleyError):
            read(text)


PARSERS: dict[str, Callable[[bytes], None]] = {
    parser.__name__: parser for parser in (signature, form, mime, keyword, template, frame)
}
_TEXTS: dict[str, list[str]] = {
    "signature": ["sig\nBody=STOP&From=%2B1555", "\n", "x\n{}"],
    "form": ["Body=STOP&From=%2B15550001111&MessageSid=SM1", "a=%00&a=%ff", "=&&="],
    "mime": [
        "From: a@b.example\nSubject: =?utf-8?q?x?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhi\n--x--\n",
        "From: a@b.example\nContent-Type: text/html; charset=utf-7\n\n<blockquote>x",
        "From: =?x?q?=00?= <a@b.example>\nContent-Transfer-Encoding: base64\n\n====",
    ],
    "keyword": ["STOP", "s\u200bt\u200bop", "ＳＴＯＰ", "Arrêt", "stop please", "\U0001f6d1 stop"],
    "template": ["{{ name }}", "{{ name | there }}", "{{{{}}}}", "{{ 7*7 }}", "{{''.__class__}}", "{% for %}"],
    "frame": [
        '{"type":"hello","token":null}', '{"type":"text","client_id":"0192","text":"hi"}', '{"type":"text","type":"x"}',
    ],
}  # fmt: skip
BEGINNINGS = {name: [text.encode() for text in texts] for name, texts in _TEXTS.items()}
"""Where looking for bytes begins."""


def run(name: str, data: bytes) -> None:
    """Gives bytes to a parser; its own refusals are no fault."""
    with suppress(ParleyError):
        PARSERS[name](data)
