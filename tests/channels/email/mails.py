"""Mails as programs send them, for the tests of what comes in."""

from __future__ import annotations

from email.message import EmailMessage
from uuid import UUID

from imapclient import IMAPClient

ANN = "ann@customer.example"
SITE = "hello@northwind.example"


def written(
    text: str = "Yes, please.",
    *,
    sender: str = f"Ann Example <{ANN}>",
    subject: str = "Re: Your demo",
    message_id: str = "<m1@customer.example>",
    answers: UUID | None = None,
    **headers: str,
) -> bytes:
    """A mail of a person; `answers` is the mail of ours that it is a reply to."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, SITE, subject
    if message_id:
        message["Message-ID"] = message_id
    if answers is not None:
        message["In-Reply-To"] = f"<{answers}@northwind.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def bounce(outbox_id: UUID | str, *, action: str = "failed", status: str = "5.1.1", whole: bool = True) -> bytes:
    """What a mail server sends back (RFC 3464), with the whole mail or with its headers only."""
    returned = f"From: {SITE}\r\nTo: {ANN}\r\nSubject: Your demo\r\nMessage-ID: <{outbox_id}@northwind.example>\r\n\r\n"
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: hello@northwind.example\r\nSubject: Undelivered\r\n"
        "Message-ID: <b1@mx.example>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {ANN}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{returned}\r\n--b--\r\n"
    ).encode()


def complaint(outbox_id: UUID, *, kind: str = "abuse") -> bytes:
    """A recipient pressed the spam button (RFC 5965)."""
    return (
        "From: fbl@mailbox.example\r\nTo: hello@northwind.example\r\nSubject: FW: Your demo\r\n"
        "Message-ID: <f1@mailbox.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: {SITE}\r\n"
        f"Message-ID: <{outbox_id}@northwind.example>\r\n\r\nHello\r\n--b--\r\n"
    ).encode()


def put(port: int, *mails: bytes, folder: str = "INBOX") -> None:
    """Puts mails into the mailbox, as a mail server does when they arrive."""
    with IMAPClient("127.0.0.1", port=port, ssl=False) as client:
        client.login("demouser", "demopass")
        for raw in mails:
            client.append(folder, raw)
