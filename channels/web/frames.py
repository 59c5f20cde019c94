"""What goes over the socket and the long-poll, as types (docs/reference/protocols.md, 3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from base.errors import Malformed
from base.messages import Inbound, Stored
from crm.consent.opt_out import read_opt_out

MAX_FRAME = 16_384
"""Largest frame or body taken from a visitor, in bytes."""

_SHOWN: dict[str, Any] = {
    "choices": [],
    "input": None,
    "step": None,
    "notice": None,
    "source": None,
    "media": None,
    "cards": [],
    "limits": None,
}
_FILE_TYPES = {
    "image": "image/*",
    "pdf": ".pdf",
    "text": ".txt,.csv",
    "spreadsheet": ".xlsx,.ods,.csv",
    "document": ".docx,.odt,.pptx,.odp",
}
"""What a browser offers to pick for each kind of file. The server looks at the bytes."""


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=False)


class Hello(_Frame):
    """The first frame: who it is and what it has seen."""

    type: Literal["hello"]
    token: str = Field(max_length=1_000)
    last_seen: int = Field(0, ge=0, le=2**53)


class SaidText(_Frame):
    """A text the visitor sent."""

    type: Literal["message"]
    client_id: UUID
    text: str

    @field_validator("text")
    @classmethod
    def _storable(cls, value: str) -> str:
        # PostgreSQL stores no NUL, and a lone surrogate is no text.
        clean = value.replace("\x00", "").encode("utf-8", "ignore").decode()
        if not clean.strip():
            raise ValueError("the message is empty")
        return clean


class TappedChoice(_Frame):
    """A button the visitor tapped."""

    type: Literal["choice"]
    client_id: UUID
    step: str = Field(max_length=200)
    value: str = Field(max_length=200)
    text: str = Field(max_length=500)

    @field_validator("step", "value", "text")
    @classmethod
    def _storable(cls, value: str) -> str:
        return value.replace("\x00", "").encode("utf-8", "ignore").decode()


class VisitorTypes(_Frame):
    """The visitor writes something, or has stopped to."""

    type: Literal["typing"]
    on: bool = True


ClientFrame = Annotated[SaidText | TappedChoice | VisitorTypes, Field(discriminator="type")]
_client_frame: TypeAdapter[SaidText | TappedChoice | VisitorTypes] = TypeAdapter(ClientFrame)


def read_hello(raw: str) -> Hello:
    """The hello in a frame; raises Malformed."""
    try:
        return Hello.model_validate_json(raw)
    except ValidationError as error:
        raise Malformed("The first frame must be a hello with a token.") from error


def read_client_frame(raw: str | bytes) -> SaidText | TappedChoice | VisitorTypes:
    """What the visitor said or tapped, or that they type; raises Malformed with what is wrong."""
    try:
        return _client_frame.validate_json(raw)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in problem["loc"]) or "frame"
        raise Malformed(f"{where}: {problem['msg']}") from error


def to_inbound(frame: SaidText | TappedChoice, conversation_id: UUID) -> Inbound:
    """The frame as the turn port takes it."""
    if isinstance(frame, TappedChoice):
        return Inbound(conversation_id, frame.client_id, "choice", frame.text, frame.step, frame.value)
    return Inbound(conversation_id, frame.client_id, "text", frame.text)


def pace_key(frame: SaidText | TappedChoice, conversation_id: UUID) -> str:
    """What a frame is counted under. Opt-outs by themselves: nobody is too fast to be let go."""
    stops = isinstance(frame, SaidText) and read_opt_out(frame.text, channel="web") is not None
    return f"{conversation_id}/stop" if stops else str(conversation_id)


def to_shown(message: Stored) -> dict[str, Any]:
    """A message as the widget reads it. Consent marks and internals stay on the server."""
    shown = {name: message.data.get(name, default) for name, default in _SHOWN.items()}
    if shown["input"] == "file" and shown["limits"]:
        kinds = shown["limits"].get("accept") or ()
        shown["limits"] = shown["limits"] | {
            "types": ",".join(_FILE_TYPES[kind] for kind in kinds if kind in _FILE_TYPES)
        }
    return {
        "id": str(message.id),
        "seq": message.seq,
        "author": message.author,
        "text": message.text,
        **shown,
        "client_id": str(message.client_id) if message.client_id and message.author == "visitor" else None,
        "at": message.at.isoformat(),
    }


def messages_frame(messages: Sequence[Stored]) -> str:
    """Messages as one frame."""
    return _dump({"type": "messages", "messages": [to_shown(message) for message in messages]})


def received_frame(client_id: UUID, seq: int) -> str:
    """Says that a message is committed."""
    return _dump({"type": "received", "client_id": str(client_id), "seq": seq})


def typing_frame(*, on: bool) -> str:
    """Says that the bot is about to answer, or no longer."""
    return _dump({"type": "typing", "on": on})


def error_frame(code: str, message: str, client_id: UUID | None) -> str:
    """Says what was wrong with a frame."""
    return _dump(
        {"type": "error", "code": code, "message": message, "client_id": str(client_id) if client_id else None}
    )


def _dump(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
