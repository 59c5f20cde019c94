"""What mail servers and mailbox providers report of a mail of ours: bounces (RFC 3464) and complaints (RFC 5965). Pure.

A report is only believed when it carries the id of the mail it is about, which nobody else can know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from uuid import UUID

from base.channel_contract import Reported

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
# RFC 3463: no such mailbox, no such domain, mailbox moved, recipient address has a null MX.
_DEAD = frozenset({"5.1.1", "5.1.2", "5.1.6", "5.1.10"})
_LONGEST_HEAD = 100_000  # characters of the headers that come back
_OUR_ID = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@")


def find_outbox_ids(text: str) -> list[UUID]:
    """The mails of ours that a header or a text names by their Message-ID, in order."""
    return [UUID(found) for found in dict.fromkeys(_OUR_ID.findall(text.lower()))]


def read_bounce(message: Message) -> Reported | None:
    """What a delivery status says of a mail of ours; None when it says nothing final or names none."""
    outbox_id = _returned_id(message)
    fields = dict(_fields(message, "message/delivery-status"))
    action = fields.get("action", "").lower()
    found = _STATUS.search(fields.get("status", ""))
    if outbox_id is None or action not in ("failed", "delivered"):
        return None  # delayed, relayed, expanded: it may still arrive
    if action == "delivered":
        return Reported("delivered", outbox_id=outbox_id)
    code = found[0] if found else "5.0.0"
    return Reported(
        "undelivered",
        outbox_id=outbox_id,
        rule="hard_bounce" if code in _DEAD else "bounced",
        reason=f"The recipient's mail server sent it back ({code}).",
        dead_address=code in _DEAD,
    )


def read_complaint(message: Message) -> Reported | None:
    """A recipient who marked a mail of ours as unwanted; None when the report names no mail of ours."""
    outbox_id = _returned_id(message)
    kind = dict(_fields(message, "message/feedback-report")).get("feedback-type", "").lower()
    if outbox_id is None or kind not in ("abuse", "fraud", "opt-out", "opt-out-list", "other"):
        return None
    return Reported("delivered", outbox_id=outbox_id, rule="complaint", opted_out=True)


def _returned_id(message: Message) -> UUID | None:
    """The id in the mail that was sent back, or in its headers; what lies in that mail itself is not looked at."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            named = str(inner.get("Message-ID", "")) if isinstance(inner, Message) else ""
        elif kind == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            head = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
            named = _header_of(head[:_LONGEST_HEAD], "message-id")
        else:
            continue
        return next(iter(find_outbox_ids(named)), None)
    return None


def _header_of(head: str, name: str) -> str:
    unfolded = re.sub(r"\r?\n[ \t]+", " ", head)
    lines = (line.partition(":") for line in unfolded.splitlines())
    return next((value.strip() for key, _, value in lines if key.strip().lower() == name), "")


def _fields(message: Message, kind: str) -> Iterator[tuple[str, str]]:
    """The fields of a report's machine-readable part; of those that come twice the last, which is the recipient's."""
    for part in message.walk():
        if part.get_content_type() != kind:
            continue
        payload = part.get_payload()
        blocks = payload if isinstance(payload, list) else [part]
        for block in blocks:
            if isinstance(block, Message):
                yield from ((key.lower(), str(value).strip()) for key, value in block.items())
        if not isinstance(payload, list):
            text = part.get_payload(decode=True)
            lines = text.decode("utf-8", "replace").splitlines() if isinstance(text, bytes) else []
            yield from ((key.strip().lower(), value.strip()) for key, _, value in (one.partition(":") for one in lines))
