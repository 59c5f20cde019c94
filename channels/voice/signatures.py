"""Whether a request really comes from Twilio: its signature over the public address, checked with Twilio's own SDK.

Anything the SDK raises means no: it does so for a missing header, a body that is no form, a wrong port, broken text.
"""

from __future__ import annotations

from collections.abc import Sequence

from multidict import MultiDict
from twilio.request_validator import RequestValidator

HEADER = "X-Twilio-Signature"


def is_signed(url: str, form: MultiDict[str], signature: str | None, tokens: Sequence[str]) -> bool:
    """Whether one of the tokens made the signature over an address and a form.

    Args:
        url: the address as Twilio was told it, its query included. Of a socket it begins with wss: or ws:.
        form: the form's fields; none of the request that opens a socket.
        tokens: the account's primary and secondary token: during a change both sign.
    """
    return any(_is_signed_with(token, url, form, signature) for token in tokens if token)


def _is_signed_with(token: str, url: str, form: MultiDict[str], signature: str | None) -> bool:
    try:
        return bool(RequestValidator(token).validate(url, form, signature))
    except Exception:  # noqa: BLE001  # see above: whatever it raises, nobody has proven anything
        return False
