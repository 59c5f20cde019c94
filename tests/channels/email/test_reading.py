"""What a mail says is read without trust and without ever failing."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import Malformed
from channels.email.bounces import read_bounce, read_complaint
from channels.email.reading import bare_subject, parse_mail, read_file, read_mail
from tests.channels.email.mails import written

QUOTED = {
    "a reply above the mail": "Yes!\n\nOn Mon, 23 Nov 2026 at 10:00, Northwind <a@b.example> wrote:\n> Hello",
    "German": "Yes!\n\nAm Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Northwind <a@b.example>:\n> Hallo",
    "French": "Yes!\n\nLe lun. 23 nov. 2026 à 10:00, Northwind <a@b.example> a écrit :\n> Bonjour",
    "Spanish": "Yes!\n\nEl lun, 23 nov 2026 a las 10:00, Northwind (<a@b.example>) escribió:\n> Hola",
    "Outlook": "Yes!\n\n-----Original Message-----\nFrom: x\nSent: y\nTo: z\nSubject: q\n\nHello",
    "a signature": "Yes!\n\n-- \nAnn Example\nExample Ltd",
    "nothing else": "Yes!",
}


def read(raw: bytes):
    return read_mail(parse_mail(raw), fallback_id="none")


@pytest.mark.parametrize("text", QUOTED.values(), ids=QUOTED.keys())
def test_only_what_the_person_wrote_themselves_is_read(text) -> None:
    assert read(written(text)).text == "Yes!"


def test_the_html_is_read_where_there_is_no_plain_text() -> None:
    message = EmailMessage()
    message["From"] = "ann@customer.example"
    message.set_content(
        "<html><head><style>p {color: red}</style></head><body><p>Yes &amp; no</p><p>Thanks<br>Ann</p>"
        "<script>alert(1)</script><blockquote>STOP was quoted</blockquote></body></html>",
        subtype="html",
    )
    text = read(message.as_bytes()).text
    assert text.split() == ["Yes", "&", "no", "Thanks", "Ann"]


def test_who_wrote_and_what_it_answers() -> None:
    mail = read(written(sender='"Example, Ann" <Ann@Customer.example>', References="<a@x> <b@y>", In_Reply_To="<b@y>"))
    assert (mail.sender, mail.name, mail.subject) == ("Ann@Customer.example", "Ann", "Your demo")
    assert (mail.message_id, mail.references) == ("<m1@customer.example>", ("<a@x>", "<b@y>"))


@pytest.mark.parametrize(
    "subject", ["Re: Your demo", "AW: RE: Your  demo", "Antwort", "re[2]: Your demo", "Tr : Re : Your demo"]
)
def test_subjects_lose_what_programs_put_before_them(subject) -> None:
    assert bare_subject(subject) in ("Your demo", "Antwort")


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.example>"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
    ],
)
def test_what_a_machine_wrote_is_known_as_such(header) -> None:
    mail = read(written("I am out of office until Monday", **header))
    assert (mail.kind, mail.text) == ("automatic", "")


def test_a_person_who_says_that_they_are_none_stays_one() -> None:
    assert read(written(Auto_Submitted="no")).kind == "written"


def test_files_come_with_their_names_and_bytes() -> None:
    message = EmailMessage()
    message["From"] = "ann@customer.example"
    message.set_content("see the plan")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="plan.png")
    raw = message.as_bytes()
    (file,) = read(raw).files
    assert (file.number, file.name, file.media_type, file.size) == (0, "plan.png", "image/png", 4)
    assert read_file(parse_mail(raw), 0) == b"\x89PNG"
    with pytest.raises(Malformed):
        read_file(parse_mail(raw), 1)


@pytest.mark.parametrize("raw", [b"", b"   \r\n", b"Subject: nobody\r\n\r\nhello"])
def test_a_mail_of_nobody_is_refused(raw) -> None:
    with pytest.raises(Malformed):
        read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.example\r\nContent-Type: text/plain; charset=klingon\r\n\r\nhe\xfflo",
        b"From: =?utf-8?b?!!!?= <a@b.example>\r\nSubject: =?x?y?z?=\r\n\r\nhello",
        b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n--x\r\n',
        b"From: a@b.example\r\nContent-Type: multipart/alternative\r\n\r\nno boundary",
        b"From: a@b.example\r\nMessage-ID: " + b"<" * 5000 + b"\r\n\r\nhello",
        b"From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        b"From: a@b.example, c@d.example\r\nReferences: " + b"<x@y> " * 5000 + b"\r\n\r\nhello",
        b"From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\nFrom: x\r\n\r\n",
        b"From: a@b.example\r\nContent-Type: message/delivery-status\r\n\r\n\x00\x01",
    ],
)
def test_broken_mails_are_read_as_far_as_they_go(raw) -> None:
    mail = read(raw)
    assert mail.sender == "a@b.example"
    assert len(mail.references) <= 20


@given(st.binary(max_size=600))
def test_no_bytes_break_the_reader(body) -> None:
    for head in (b"From: a@b.example\r\n", b"From: a@b.example\r\nContent-Type: multipart/report; report-type="):
        message = parse_mail(head + body)
        try:
            read_mail(message, fallback_id="none")
        except Malformed:
            continue
        read_bounce(message)
        read_complaint(message)


@pytest.mark.parametrize(
    "text", ["On " + "a " * 20_000 + "wrote", "\n" * 50_000, ">" * 50_000, "Am " * 15_000, "On \n" * 10_000]
)
def test_hostile_texts_take_no_longer_than_long_ones(text) -> None:
    raw = written(text)
    began = time.process_time()
    read(raw)
    # Not a figure of speed: a pattern that goes back over and over takes minutes for these.
    assert time.process_time() - began < 10
