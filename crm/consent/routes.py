"""What outsiders may fetch: the keys that receipts and heads are checked with, and a person's own receipt by its link.

The link's token is the capability. Both are read only and say nothing of anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import NotFound
from base.link_tokens import issue_id_token, read_id_token
from crm.consent.receipts import Issuer, get_receipt
from crm.consent.signing import jwks_of, keep_public_keys, signer_of, to_json_file

JWKS_PATH = "/.well-known/jwks.json"
RECEIPT_PATH = "/consent/receipts/{token}.jsonld"
_PURPOSE = "consent-receipt"


@dataclass(frozen=True)
class LedgerPages:
    """The handlers and what they need."""

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    issuer: Issuer

    async def handle_keys(self, _request: web.Request) -> web.Response:
        """Every public key that ever signed, as a JWK set."""
        async with transaction(self.sessions) as session:
            public_keys = await keep_public_keys(session, self.keys, self.clock.now())
        return web.Response(
            body=to_json_file(jwks_of(public_keys)),
            content_type="application/jwk-set+json",
            headers={"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"},
        )

    async def handle_receipt(self, request: web.Request) -> web.Response:
        """The receipt that a link is for."""
        event_id = read_token(self.keys, request.match_info["token"])
        if event_id is None:
            raise NotFound
        async with self.sessions() as session:
            receipt = await get_receipt(session, event_id, self.issuer, signer_of(self.keys))
        return web.Response(
            body=to_json_file(receipt),
            content_type="application/ld+json",
            headers={
                "Content-Disposition": f'attachment; filename="receipt-{event_id}.jsonld"',
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "X-Robots-Tag": "noindex",
            },
        )


def routes(pages: LedgerPages) -> list[web.RouteDef]:
    """The addresses."""
    return [web.get(JWKS_PATH, pages.handle_keys), web.get(RECEIPT_PATH, pages.handle_receipt)]


def issue_token(keys: KeyRing, event_id: UUID) -> str:
    """The token of a receipt's link; valid for ever, as a receipt is to be kept."""
    return issue_id_token(keys, _PURPOSE, event_id)


def read_token(keys: KeyRing, token: str) -> UUID | None:
    """The event a token was issued for; None when it is not ours. Tokens signed with an older root key stay valid."""
    return read_id_token(keys, _PURPOSE, token)
