"""Where Twilio reaches us about calls. The account is named in each address; nothing here is secret."""

from __future__ import annotations

from uuid import UUID

from channels.voice.settings import VoiceAccount
from channels.voice.twiml import Ways

ROOT = "/hooks/voice/{account}"
CALL = ROOT + "/call"
TURN = ROOT + "/turn"
STATUS = ROOT + "/status"
STATUS_OF = ROOT + "/status/{outbox}"
ANSWERED = ROOT + "/answered/{outbox}"
DETECTED = ROOT + "/detected/{outbox}"
DIALLED = ROOT + "/dialled"
RELAY = ROOT + "/relay/{call}/{number}"
RELAYED = ROOT + "/relayed"
OVERRIDES = "#rc=2&rp=ct,rt,5xx"
"""Has Twilio try again what we could not answer: left alone it does so only when it cannot connect."""


def call_url(public_url: str, account_id: UUID) -> str:
    """Where Twilio tells of a call to us."""
    return public_url + CALL.format(account=account_id)


def status_url(public_url: str, account_id: UUID, outbox_id: UUID | None = None) -> str:
    """Where Twilio tells how far a call is, of ours with the message it carries."""
    if outbox_id is None:
        return public_url + STATUS.format(account=account_id)
    return public_url + STATUS_OF.format(account=account_id, outbox=outbox_id)


def answered_url(public_url: str, account_id: UUID, outbox_id: UUID) -> str:
    """Where Twilio goes when a call of ours is taken."""
    return public_url + ANSWERED.format(account=account_id, outbox=outbox_id)


def detected_url(public_url: str, account_id: UUID, outbox_id: UUID) -> str:
    """Where Twilio tells whether a person or a machine took it."""
    return public_url + DETECTED.format(account=account_id, outbox=outbox_id)


def ways_of(
    public_url: str, account_id: UUID, account: VoiceAccount, call_sid: str, *, turn: int, waited: int, relay: int
) -> Ways:
    """Where a call goes on after turn number `turn`."""
    root = public_url + ROOT.format(account=account_id)
    return Ways(
        turn=f"{root}/turn?n={turn + 1}",
        wait=f"{root}/turn?n={turn}&wait={waited + 1}",
        dialled=f"{root}/dialled",
        relay=socket_url(public_url + RELAY.format(account=account_id, call=call_sid, number=relay)),
        relayed=f"{root}/relayed?r={relay}",
        transfer_to=account.transfer_to,
        number=account.number,
        region=account.region,
    )


def socket_url(url: str) -> str:
    """The same address for a socket."""
    return "ws" + url.removeprefix("http")
