"""Twilio's webhook forms read into typed messages and reports, strictly. Verifies nothing and keeps nothing.

A signature covers names and values without separators between them, so names and values that could have been cut
elsewhere are refused.
"""

from __future__ import annotations

import mimetypes
import re
from typing import Literal, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

from multidict import MultiDict
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from base.channel_contract import Attachment, Reported, Said, Sender
from base.delivery_states import DeliveryState
from base.errors import Malformed, NotAllowed
from channels.sms.numbers import E164
from channels.sms.refusals import find_refusal
from channels.sms.settings import SMSAccount
from crm.consent.opt_out import read_keyword, read_opt_out

MOST_FIELDS = 200
MOST_MEDIA = 10
_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,49}")
_MESSAGE_SID = r"^(SM|MM)[0-9a-f]{32}$"
_NEVER_IN_TEXT = re.compile(r"[\x00\ud800-\udfff]")

_TWILIO_ANSWERS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "start", "unstop", "yes"}
)
"""What Twilio answers by itself on its ordinary numbers, the word alone. HELP it answers, too, but without saying who
we are, so ours goes out all the same.
"""
_WORDS = {"STOP": "STOP", "START": "START", "HELP": "HELP"}

_STATES: dict[str, DeliveryState] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), "accepted"),
    "delivered": "delivered",
    "read": "read",
    **dict.fromkeys(("undelivered", "failed", "canceled"), "undelivered"),
}


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    message_sid: str = Field(alias="MessageSid", pattern=_MESSAGE_SID)
    account_sid: str = Field(alias="AccountSid")


class _Incoming(_Form):
    sender: str = Field(alias="From")
    to: str = Field("", alias="To")
    body: str = Field("", alias="Body")
    service_sid: str | None = Field(None, alias="MessagingServiceSid")
    media_count: int = Field(0, alias="NumMedia", ge=0, le=MOST_MEDIA)
    opt_out_type: Literal["STOP", "START", "HELP"] | None = Field(None, alias="OptOutType")


class _Status(_Form):
    message_status: str | None = Field(None, alias="MessageStatus")
    sms_status: str | None = Field(None, alias="SmsStatus")
    error_code: int | None = Field(None, alias="ErrorCode")


F = TypeVar("F", bound=_Form)


def read_form(body: bytes) -> MultiDict[str]:
    """The fields of a form; what is no text is replaced, so that its signature does not fit.

    Raises:
        Malformed: it has more fields than any form of Twilio's.
    """
    text = body.decode("utf-8", "replace")
    try:
        return MultiDict(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Malformed("This is no form of Twilio's: it has too many fields.") from None


def read_said(form: MultiDict[str], account: SMSAccount) -> Said | None:
    """What somebody wrote; None when it came from what we cannot answer by text (another channel, a short code).

    Raises:
        NotAllowed: it is meant for another account or number.
        Malformed: it lacks what every message has.
    """
    told = _read(_Incoming, form)
    _check_account(told.account_sid, account)
    meant = told.service_sid if account.service_sid else told.to
    if meant != account.sender:
        raise NotAllowed("This message is for another number than the one this address belongs to.")
    if not E164.fullmatch(told.sender):
        return None
    text = _NEVER_IN_TEXT.sub("", told.body)
    return Said(
        provider_id=told.message_sid,
        sender=Sender("phone", told.sender),
        text=_as_read_by_twilio(text, told.opt_out_type),
        attachments=tuple(_read_media(form, told.media_count)),
        answered=told.opt_out_type is not None or (account.stop_replies == "twilio" and _is_answered(text)),
    )


def read_report(form: MultiDict[str], account: SMSAccount, outbox_id: UUID) -> Reported | None:
    """What became of a message of ours; None for a status that says nothing of that.

    Raises:
        NotAllowed: it is about another account.
        Malformed: it lacks what every report has.
    """
    told = _read(_Status, form)
    _check_account(told.account_sid, account)
    state = _STATES.get((told.message_status or told.sms_status or "").lower())
    if state is None:
        return None
    if state != "undelivered":
        return Reported(state, outbox_id, told.message_sid)
    refusal = find_refusal(told.error_code)
    return Reported(
        state,
        outbox_id,
        told.message_sid,
        rule=str(told.error_code or "undelivered"),
        reason=refusal.reason,
        dead_address=refusal.means == "dead address",
        opted_out=refusal.means == "opted out",
        put_off=refusal.means == "wrong hour",
    )


def _read(form: type[F], fields: MultiDict[str]) -> F:
    known = [field.alias for field in form.model_fields.values() if field.alias is not None]
    if any(not _NAME.fullmatch(name) for name in fields) or any(len(fields.getall(name, [])) > 1 for name in known):
        raise Malformed("This is no form of Twilio's: a field has an unknown form or stands in it twice.")
    try:
        return form.model_validate(dict(fields))
    except ValidationError as error:
        names = sorted({str(problem["loc"][0]) for problem in error.errors(include_input=False, include_url=False)})
        raise Malformed(f"This is no form of Twilio's: look at {', '.join(names)}.") from None


def _check_account(account_sid: str, account: SMSAccount) -> None:
    if account_sid != account.account_sid:
        raise NotAllowed("This comes from another Twilio account than the one this address belongs to.")


def _as_read_by_twilio(text: str, read_as: Literal["STOP", "START", "HELP"] | None) -> str:
    """The text; where Twilio took it for a word of the carriers that we do not know, that word.

    An operator may have added words of their own there: what stops the messages at Twilio stops them here.
    """
    if read_as is None:
        return text
    if read_as == "STOP":
        return text if read_opt_out(text, channel="sms") is not None else _WORDS[read_as]
    return text if (read_keyword(text, channel="sms") or "").upper() == read_as else _WORDS[read_as]


def _is_answered(text: str) -> bool:
    return text.strip().lower() in _TWILIO_ANSWERS


def _read_media(form: MultiDict[str], count: int) -> list[Attachment]:
    media: list[Attachment] = []
    for number in range(count):
        url, kind = form.get(f"MediaUrl{number}", ""), form.get(f"MediaContentType{number}", "")
        if not url:
            raise Malformed(f"This is no form of Twilio's: look at MediaUrl{number}.")
        media_type = kind.partition(";")[0].strip().lower() or "application/octet-stream"
        media.append(Attachment(url, media_type, f"file-{number + 1}{mimetypes.guess_extension(media_type) or ''}"))
    return media
