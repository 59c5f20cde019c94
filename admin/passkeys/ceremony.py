"""The two ceremonies of passkeys (WebAuthn): what a device is asked to sign, and whether what it signed is right.

Holds no table. Of what devices are made nothing is asked; that whoever holds one unlocked it is always demanded.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from yarl import URL

from admin.sessions.own_pages import LOOPBACK, own_origins
from base.encryption import KeyRing
from base.errors import Conflict, InvalidInput
from base.link_tokens import NOT_OURS, create_timed_serializer

FRESH = timedelta(minutes=5)
"""How long a device may take to sign."""

_PURPOSE = "passkey_challenge"
_VERIFIED = UserVerificationRequirement.REQUIRED

T = TypeVar("T")


class NoPasskeysHere(Conflict):
    """Passkeys need a site with a name: this one is opened by a number. Ask the operator for PARLEY_PUBLIC_URL."""

    code = "no_passkeys_here"


class PasskeyRefused(InvalidInput):
    """This passkey was not accepted: try once more, or sign in by your password."""

    code = "passkey_refused"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser is given, and the ticket that it sends back."""

    ticket: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A challenge of ours. `user_id` is whose new passkey it is for; None at sign-in."""

    challenge: bytes
    user_id: UUID | None


@dataclass(frozen=True, slots=True)
class Signed:
    """What a device has shown. `public_key` is what `check_answer` is given next time."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    user_handle: bytes | None = None


class Ceremony:
    """The ceremonies of one site.

    Raises:
        NoPasskeysHere: browsers have passkeys for names only.
    """

    def __init__(self, keys: KeyRing, public_url: str) -> None:
        self._tickets = create_timed_serializer(keys, _PURPOSE)
        origins = own_origins(public_url)
        party = PublicKeyCredentialRpEntity(name="Parley", id=_name_of(public_url))
        self._server = Fido2Server(party, verify_origin=lambda origin: origin in origins)

    def ask_for_new(self, user_id: UUID, *, email: str, name: str, known: Sequence[bytes]) -> Asked:
        """Begins to make a passkey; a device that has one of `known` makes no second."""
        user = PublicKeyCredentialUserEntity(id=user_id.bytes, name=email, display_name=name)
        options, state = self._server.register_begin(
            user,
            [AttestedCredentialData(one) for one in known],
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=_VERIFIED,
        )
        return self._asked(options, state, user_id)

    def ask_who(self) -> Asked:
        """Begins to sign somebody in; the device knows whom."""
        options, state = self._server.authenticate_begin(user_verification=_VERIFIED)
        return self._asked(options, state, None)

    def read_ticket(self, text: str) -> Ticket:
        """The challenge that was asked.

        Raises:
            PasskeyRefused: it is none of ours, or too old.
        """
        try:
            held = self._tickets.loads(text, max_age=int(FRESH.total_seconds()))
            return Ticket(websafe_decode(held["c"]), UUID(hex=held["u"]) if held["u"] else None)
        except (*NOT_OURS, KeyError) as error:
            raise PasskeyRefused from error

    def check_new(self, ticket: Ticket, answer: Mapping[str, Any]) -> Signed:
        """The passkey that a device has made.

        Raises:
            PasskeyRefused: it is no answer to the challenge.
        """
        made = _read(lambda: self._server.register_complete(_state(ticket), answer))
        if made.credential_data is None:
            raise PasskeyRefused
        return Signed(made.credential_data.credential_id, bytes(made.credential_data), made.counter)

    def check_answer(self, ticket: Ticket, public_key: bytes, answer: Mapping[str, Any]) -> Signed:
        """What a device has signed with a passkey that is known.

        Raises:
            PasskeyRefused: it is not signed by it, or not the challenge.
        """

        def check() -> Signed:
            known = AttestedCredentialData(public_key)
            self._server.authenticate_complete(_state(ticket), [known], answer)
            told = AuthenticationResponse.from_dict(answer)
            return Signed(
                known.credential_id,
                public_key,
                told.response.authenticator_data.counter,
                told.response.user_handle,
            )

        return _read(check)

    def _asked(self, options: Mapping[str, Any], state: Mapping[str, Any], user_id: UUID | None) -> Asked:
        ticket = self._tickets.dumps({"c": state["challenge"], "u": user_id.hex if user_id else ""})
        return Asked(str(ticket), dict(options))


def credential_id_of(answer: Mapping[str, Any]) -> bytes:
    """Which passkey an answer says it is of.

    Raises:
        PasskeyRefused: it says nothing that could be one.
    """
    return _read(lambda: websafe_decode(str(answer["rawId"])))


def _read(work: Callable[[], T]) -> T:
    """What comes of an answer that anybody may have written."""
    try:
        return work()
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, struct.error) as error:
        raise PasskeyRefused from error


def _state(ticket: Ticket) -> dict[str, Any]:
    return {"challenge": websafe_encode(ticket.challenge), "user_verification": _VERIFIED}


def _name_of(public_url: str) -> str:
    host = URL(public_url).host or ""
    if host in LOOPBACK:
        return "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    raise NoPasskeysHere
