"""The message says who, why and how to stop, in text and HTML, whatever a visitor has typed."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from channels.email.message import build_message
from channels.email.tokens import issue_token, read_token

LINK = "https://chat.northwind.example/unsubscribe/" + "A1b2-_." * 30


def build(envelope, settings, now, **changes):
    message = build_message(envelope(**changes), settings, to="ada@customer.example", unsubscribe_url=LINK, now=now)
    raw = message.as_bytes()
    return raw, message_from_bytes(raw, policy=policy.default)


def parts(message) -> tuple[str, str]:
    bodies = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return tuple(body.replace("\r\n", "\n") for body in bodies)


def test_marketing_names_sender_reason_postal_address_and_the_way_out(envelope, settings, now):
    raw, message = build(envelope, settings, now)
    assert message["From"] == "Northwind Ledger <hello@northwind.example>"
    assert message["Reply-To"] == "team@northwind.example"
    assert message["Date"].datetime == now
    for text in parts(message):
        assert "you agreed to e-mails from Northwind Ledger" in text
        assert "1 Harbour Street, Bristol BS1 4RW" in text
        assert LINK in text
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # On one line, unencoded: folded or encoded it is no link any more.
    assert f"\r\nList-Unsubscribe: <{LINK}>\r\n".encode() in raw


@pytest.mark.parametrize(
    ("language", "why", "way_out"),
    [
        ("es-MX", "aceptó recibir correos de Northwind Ledger", "Darse de baja con un clic: {link}"),
        ("fr", "vous avez accepté les e-mails de Northwind Ledger", "Se désinscrire en un clic : {link}"),
        ("de", "weil Sie E-Mails von Northwind Ledger zugestimmt haben", "Mit einem Klick abmelden: {link}"),
        ("nl", "you agreed to e-mails from Northwind Ledger", "Unsubscribe with one click: {link}"),
    ],
)
def test_the_footer_is_in_the_language_of_the_mail(envelope, settings, now, language, why, way_out):  # noqa: PLR0917
    _, message = build(envelope, settings, now, language=language)
    plain, html = parts(message)
    assert why in plain
    assert why in html
    assert way_out.format(link=LINK) in plain
    assert f'<html lang="{language}">' in html


def test_what_was_asked_for_says_so_in_its_language_and_without_a_subject_names_the_sender(envelope, settings, now):
    _, message = build(envelope, settings, now, language="de", purpose="answer", subject=None)
    assert "weil Sie Northwind Ledger darum gebeten haben" in parts(message)[0]
    assert message["Subject"] == "Eine Nachricht von Northwind Ledger"


def test_what_was_asked_for_has_no_way_out_of_marketing(envelope, settings, now):
    _, message = build(envelope, settings, now, purpose="service")
    assert message["List-Unsubscribe"] is None
    assert LINK not in "".join(parts(message))


def test_links_become_links_and_lines_stay_lines(envelope, settings, now):
    text = "Look: https://northwind.example/a?b=1&c=2.\nAnd\n\n<script>alert(1)</script>"
    _, html = parts(build(envelope, settings, now, text=text)[1])
    assert '<a href="https://northwind.example/a?b=1&amp;c=2">' in html
    assert "<br>\nAnd" in html
    assert "<script" not in html


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.links += [value for name, value in attrs if name == "href"]


typed = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=typed, text=typed)
def test_nothing_typed_becomes_a_header_or_a_tag(envelope, settings, now, subject, text):
    raw, message = build(envelope, settings, now, subject=subject, text=text)
    head = raw.split(b"\r\n\r\n")[0]
    names = [line.split(b":")[0] for line in re.split(rb"\r\n(?![ \t])", head)]
    assert sorted(names) == sorted(
        [
            b"From",
            b"To",
            b"Subject",
            b"Date",
            b"Message-ID",
            b"Auto-Submitted",
            b"Reply-To",
            b"List-Unsubscribe",
            b"List-Unsubscribe-Post",
            b"MIME-Version",
            b"Content-Type",
        ]
    )
    tags = Tags()
    tags.feed(parts(message)[1])
    assert tags.seen <= {"html", "head", "meta", "title", "body", "div", "p", "a", "br"}
    assert all(link.startswith(("http://", "https://")) for link in tags.links)


@pytest.mark.parametrize("field", ["from_address", "reply_to"])
def test_a_line_break_in_a_setting_makes_no_header(envelope, settings, now, field):
    from dataclasses import replace

    broken = replace(settings, **{field: "a@b.example\r\nBcc: c@d.example"})
    with pytest.raises(ValueError):
        build(envelope, broken, now)


def test_a_token_names_two_ids_and_a_hash_and_no_address(keys, envelope):
    from channels.email.tokens import Unsubscribe

    letter = envelope()
    unsubscribe = Unsubscribe(letter.outbox_id, letter.contact_id, b"\x03" * 32)
    token = issue_token(keys, unsubscribe)
    assert read_token(keys, token) == unsubscribe
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)


def test_a_token_outlives_the_rotation_of_keys(keys, envelope):
    from dataclasses import replace

    from channels.email.tokens import Unsubscribe

    unsubscribe = Unsubscribe(envelope().outbox_id, envelope().contact_id, b"\x03" * 32)
    old = issue_token(keys, unsubscribe)
    rotated = replace(keys, newest="k2", roots=keys.roots | {"k2": b"\x09" * 32})
    fresh = issue_token(rotated, unsubscribe)
    assert old != fresh
    assert read_token(rotated, old) == read_token(rotated, fresh) == unsubscribe
    assert read_token(keys, fresh) is None


@given(st.text(max_size=80))
def test_no_other_text_is_a_token(text):
    from base.encryption import KeyRing

    assert read_token(KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32), text) is None


def test_the_ids_of_a_long_talk_stand_one_a_line(envelope, settings, now):
    ids = [f"<{'a' * 880}{number}@b>" for number in range(20)]
    thread = {"subject": "Your demo", "in_reply_to": ids[-1], "references": ids}
    raw, message = build(envelope, settings, now, purpose="answer", content={"thread": thread})
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert message["References"].split() == ids
    assert message["In-Reply-To"] == ids[-1]
