"""Twilio's webhook forms of a call read into typed facts, strictly. Verifies nothing and keeps nothing.

A signature covers names and values without separators between them, so names and values that could have been cut
elsewhere are refused.
"""

from __future__ import annotations

import re
from typing import Literal, TypeVar
from urllib.parse import parse_qsl

from multidict import MultiDict
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from base.errors import Malformed, NotAllowed
from channels.voice.settings import E164, VoiceAccount

MOST_FIELDS = 200
_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,49}")
_CALL_SID = r"^CA[0-9a-f]{32}$"
_NEVER_IN_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_NOBODY = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What Twilio sends for hidden numbers: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a keypad."""
_VOUCHED_FOR = "TN-Validation-Passed-A"
"""The caller's own carrier knows the customer and that the number is theirs (STIR/SHAKEN, full attestation)."""


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    call_sid: str = Field(alias="CallSid", pattern=_CALL_SID)
    account_sid: str = Field(alias="AccountSid")


class OfACall(_Form):
    """Something about a call that is going on.

    `theirs` is the number at the other end; None where it is hidden or none.
    """

    sender: str = Field("", alias="From")
    to: str = Field("", alias="To")
    direction: str = Field("", alias="Direction")
    verification: str = Field("", alias="StirVerstat")

    @property
    def is_inbound(self) -> bool:
        return self.direction == "inbound"

    @property
    def theirs(self) -> str | None:
        number = self.sender if self.is_inbound else self.to
        return number if E164.fullmatch(number) and number not in _NOBODY else None

    @property
    def is_proven(self) -> bool:
        """Whether the number can be believed: we dialled it, or the carriers vouch that the caller is not lying."""
        return not self.is_inbound or self.verification.startswith(_VOUCHED_FOR)


class Answered(OfACall):
    """Somebody or something took a call of ours."""

    answered_by: str | None = Field(None, alias="AnsweredBy")

    @property
    def is_machine(self) -> bool:
        return is_machine(self.answered_by)


class Detected(_Form):
    """What Twilio found out about who took a call of ours; it names no numbers."""

    answered_by: str = Field(alias="AnsweredBy", max_length=40)


class Heard(OfACall):
    """What a caller said or pressed; nothing of either after silence."""

    speech: str = Field("", alias="SpeechResult")
    confidence: float | None = Field(None, alias="Confidence")
    digits: str = Field("", alias="Digits")

    @field_validator("speech", "digits")
    @classmethod
    def _clean(cls, text: str) -> str:
        return _NEVER_IN_TEXT.sub("", text).strip()

    @field_validator("confidence", mode="before")
    @classmethod
    def _no_number_is_none(cls, told: object) -> object:
        return None if told == "" else told


class RelayEnded(OfACall):
    """ConversationRelay has ended its session."""

    session_status: str = Field("", alias="SessionStatus")
    handoff_data: str = Field("", alias="HandoffData")


class Dialled(OfACall):
    """What became of putting somebody through."""

    status: str = Field("", alias="DialCallStatus")


class Status(OfACall):
    """How far a call is."""

    status: Literal["queued", "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed",
                    "canceled"] = Field(alias="CallStatus")  # fmt: skip
    answered_by: str | None = Field(None, alias="AnsweredBy")
    sip_code: int | None = Field(None, alias="SipResponseCode")

    @property
    def is_final(self) -> bool:
        """Whether the call is over."""
        return self.status not in ("queued", "initiated", "ringing", "in-progress")

    @field_validator("sip_code", mode="before")
    @classmethod
    def _no_number_is_none(cls, told: object) -> object:
        return None if told == "" else told


F = TypeVar("F", bound=_Form)


def is_machine(answered_by: str | None) -> bool:
    """Whether Twilio found no person at the other end; where it could not tell there is one."""
    return answered_by is not None and (answered_by.startswith("machine") or answered_by == "fax")


def read_body(body: bytes) -> MultiDict[str]:
    """The fields of a form; what is no text is replaced, so that its signature does not fit."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise Malformed("This form has too many fields.") from None
    return MultiDict(pairs)


def read_form(form: type[F], fields: MultiDict[str], account: VoiceAccount) -> F:
    """A form's facts.

    Raises:
        NotAllowed: it is about another account or number than the address belongs to.
        Malformed: it lacks what every such form has.
    """
    read = _read(form, fields)
    if read.account_sid != account.account_sid:
        raise NotAllowed("This comes from another Twilio account than the one this address belongs to.")
    if isinstance(read, OfACall) and account.number not in (read.sender, read.to):
        raise NotAllowed("This call is on another number than the one this address belongs to.")
    return read


def _read(form: type[F], fields: MultiDict[str]) -> F:
    known = [field.alias for field in form.model_fields.values() if field.alias is not None]
    if any(not _NAME.fullmatch(name) for name in fields) or any(len(fields.getall(name, [])) > 1 for name in known):
        raise Malformed("This is no form of Twilio's: a field has an unknown form or stands in it twice.")
    try:
        return form.model_validate(dict(fields))
    except ValidationError as error:
        names = sorted({str(problem["loc"][0]) for problem in error.errors(include_input=False, include_url=False)})
        raise Malformed(f"This is no form of Twilio's: look at {', '.join(names)}.") from None
