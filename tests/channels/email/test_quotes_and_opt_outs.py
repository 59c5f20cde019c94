"""A reply with our own mail in it: STOP above, below or between what is quoted is heard, what we wrote ourselves never.

The original is a follow-up as it is really sent, whose footer says how to unsubscribe, quoted the way programs do it.
"""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape

import pytest

from channels.email.message import build_message
from channels.email.reading import Mail, parse_mail, read_mail
from channels.email.words import list_languages
from crm.consent.opt_out import read_opt_out
from tests.channels.email.mails import ANN, SITE

LINK = "https://chat.northwind.example/unsubscribe/" + "A1b2-_." * 30
FOLLOW_UP = (
    "Hello Ann,\n\nyour demo is ready. If you want no more e-mails from us, reply STOP, or unsubscribe below.\n\n"
    "Shall we show it to you on Friday?"
)
OWN_WORDS = {"STOP": True, "Please take me off your list": True, "I would like to see it on Friday": False, "": False}


@pytest.fixture
def original(envelope, settings, now) -> EmailMessage:
    message = build_message(envelope(text=FOLLOW_UP), settings, to=ANN, unsubscribe_url=LINK, now=now)
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def plain_of(original: EmailMessage) -> str:
    return original.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(original: EmailMessage) -> str:
    html = original.get_body(("html",)).get_content()
    return html[html.index("<body") : html.index("</body>")].replace("<body", "<div") + "</div>"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def outlook_head(*names: str) -> str:
    values = (f"Northwind Ledger <{SITE}>", "Monday, 23 November 2026 10:00", ANN, "Your demo")
    return "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))


PLAIN: dict[str, Callable[[str, str], str]] = {
    "Gmail": lambda own, text: (
        f"{own}\n\nOn Mon, 23 Nov 2026 at 10:00, Northwind Ledger <{SITE}> wrote:\n\n{quoted(text)}"
    ),
    "Gmail, its line broken twice": lambda own, text: (
        f"{own}\n\nOn Mon, Nov 23, 2026 at 10:00 AM Northwind Ledger\n<{SITE}>\nwrote:\n\n{quoted(text)}"
    ),
    "Gmail in German": lambda own, text: (
        f"{own}\n\nAm Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Northwind Ledger <\n{SITE}>:\n\n{quoted(text)}"
    ),
    "Gmail in French": lambda own, text: (
        f"{own}\n\nLe lun. 23 nov. 2026 à 10:00, Northwind Ledger <{SITE}> a écrit :\n\n{quoted(text)}"
    ),
    "Gmail in Spanish": lambda own, text: (
        f"{own}\n\nEl lun, 23 nov 2026 a las 10:00, Northwind Ledger (<{SITE}>) escribió:\n\n{quoted(text)}"
    ),
    "the answer below": lambda own, text: f"On Mon, Northwind Ledger <{SITE}> wrote:\n{quoted(text)}\n\n{own}",
    "the answer between": lambda own, text: (
        f"On Mon, Northwind Ledger <{SITE}> wrote:\n{quoted(text[:60])}\n\n{own}\n\n{quoted(text[60:])}"
    ),
    "only marks": lambda own, text: f"{own}\n\n{quoted(text)}",
    "Outlook": lambda own, text: (
        f"{own}\n\n-----Original Message-----\n{outlook_head('From', 'Sent', 'To', 'Subject')}\n\n{text}"
    ),
    "Outlook without a line": lambda own, text: f"{own}\n\n{outlook_head('From', 'Sent', 'To', 'Subject')}\n\n{text}",
    "Outlook in German": lambda own, text: f"{own}\n\n{outlook_head('Von', 'Gesendet', 'An', 'Betreff')}\n\n{text}",
    "Outlook in French": lambda own, text: f"{own}\n\n{outlook_head('De', 'Envoyé', 'À', 'Objet')}\n\n{text}",
    "Outlook in Spanish": lambda own, text: f"{own}\n\n{outlook_head('De', 'Enviado el', 'Para', 'Asunto')}\n\n{text}",
    "Outlook on a phone": lambda own, text: (
        f"{own}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n{'_' * 32}\n"
        f"{outlook_head('From', 'Sent', 'To', 'Subject')}\n\n{text}"
    ),
    "a telephone": lambda own, text: (
        f"{own}\n\nSent from my iPhone\n\n> On 23 Nov 2026, at 10:00, Northwind <{SITE}> wrote:\n> \n{quoted(text)}"
    ),
    "passed on": lambda own, text: (
        f"{own}\n\n---------- Forwarded message ---------\n{outlook_head('From', 'Date', 'To', 'Subject')}\n\n{text}"
    ),
}

_HEAD = outlook_head("From", "Sent", "To", "Subject")
_BOLD_HEAD = "".join(
    f"<b>{line.partition(':')[0]}:</b>{escape(line.partition(':')[2])}<br>" for line in _HEAD.split("\n")
)

HTML: dict[str, Callable[[str, str], str]] = {
    "Gmail": lambda own, html: (
        f'<div dir="ltr">{own}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        f'On Mon, 23 Nov 2026 at 10:00, Northwind &lt;<a href="mailto:{SITE}">{SITE}</a>&gt; wrote:<br></div>'
        f'<blockquote class="gmail_quote">{html}</blockquote></div>'
    ),
    "Gmail, passed on": lambda own, html: (
        f'<div dir="ltr">{own}<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded '
        f"message ---------<br>From: Northwind<br>Date: Mon<br>Subject: Demo<br>To: {ANN}<br></div>{html}</div></div>"
    ),
    "Apple Mail": lambda own, html: (
        f"<div>{own}</div><br><blockquote type='cite'><div>On 23 Nov 2026, Northwind wrote:</div>{html}</blockquote>"
    ),
    "Thunderbird": lambda own, html: (
        f'<p>{own}</p><div class="moz-cite-prefix">On 23/11/2026 10:00, Northwind wrote:<br></div>'
        f'<blockquote type="cite" cite="mid:x">{html}</blockquote>'
    ),
    "the new Outlook": lambda own, html: (
        f'<div class="elementToProof">{own}</div><div id="appendonsend"></div><hr style="width:98%">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font>{_BOLD_HEAD}</font><div>&nbsp;</div></div>{html}'
    ),
    "Outlook": lambda own, html: (
        f'<div class=WordSection1><p class=MsoNormal>{own}</p><p class=MsoNormal>&nbsp;</p><div><div style="'
        'border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal>'
        f"{_BOLD_HEAD}</p></div></div>{html}</div>"
    ),
    "Outlook in a language nobody foresaw": lambda own, html: (
        f'<div>{own}</div><hr><div id="divRplyFwdMsg"><b>Fra:</b> Northwind<br><b>Sendt:</b> mandag<br></div>{html}'
    ),
    "Yahoo": lambda own, html: (
        f'<div>{own}</div><div class="yahoo_quoted"><div>On Monday, Northwind wrote:</div>{html}</div>'
    ),
}


def reply(text: str, *, subtype: str = "plain", subject: str = "Re: Your demo") -> Mail:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = ANN, SITE, subject
    message["Message-ID"], message["In-Reply-To"] = "<m@customer.example>", "<any@northwind.example>"
    message.set_content(text, subtype=subtype)
    return read_mail(parse_mail(message.as_bytes()), fallback_id="none")


def is_opt_out(mail: Mail) -> bool:
    return read_opt_out(mail.text or mail.heading, channel="email") is not None


@pytest.mark.parametrize("own", OWN_WORDS)
@pytest.mark.parametrize("layout", PLAIN)
def test_of_a_plain_reply_only_their_own_words_count(original, layout, own) -> None:
    mail = reply(PLAIN[layout](own, plain_of(original)))
    assert mail.text == own
    assert is_opt_out(mail) is OWN_WORDS[own]


@pytest.mark.parametrize("own", OWN_WORDS)
@pytest.mark.parametrize("layout", HTML)
def test_of_a_reply_in_html_only_their_own_words_count(original, layout, own) -> None:
    mail = reply(HTML[layout](own, html_of(original)), subtype="html")
    assert mail.text == own
    assert is_opt_out(mail) is OWN_WORDS[own]


@pytest.mark.parametrize("language", list_languages())
@pytest.mark.parametrize("own", ["STOP", "I would like to see it on Friday"])
def test_our_footer_is_no_opt_out_though_nothing_marks_it_as_quoted(envelope, settings, now, own, language) -> None:
    message = build_message(envelope(language=language), settings, to=ANN, unsubscribe_url=LINK, now=now)
    footer = plain_of(message).partition("-- \n")[2]
    assert LINK in footer
    mail = reply(f"{own}\n\nYour demo is ready.\n\n{footer}")
    assert LINK not in mail.text
    assert is_opt_out(mail) is OWN_WORDS[own]


def test_somebody_who_writes_that_the_link_does_not_work_is_heard() -> None:
    assert is_opt_out(reply("Unsubscribe with one click? It does nothing. Please unsubscribe me."))


def test_a_stop_that_somebody_wrote_over_our_subject_is_heard() -> None:
    assert is_opt_out(reply(quoted("Hello"), subject="STOP"))
    assert reply(quoted("Hello"), subject="Re: Stop wasting time").heading == ""


def test_a_mail_that_answers_none_is_read_though_it_looks_like_a_quote() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = ANN, "A letter"
    message.set_content("From: Ann Example\nTo: Northwind\n\nPlease stop sending me e-mails.")
    mail = read_mail(parse_mail(message.as_bytes()), fallback_id="none")
    assert is_opt_out(mail)
