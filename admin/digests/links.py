"""The link in a digest that turns it off, also of somebody who is not signed in. Holds for ever; changes nothing."""

from __future__ import annotations

from uuid import UUID

from base.encryption import KeyRing
from base.link_tokens import issue_id_token, read_id_token

_PURPOSE = "digest-off"


def off_link(keys: KeyRing, site_url: str, user_id: UUID) -> str:
    """The address of the page that asks once more. Behind `#`, the token reaches no server's log."""
    return f"{site_url.rstrip('/')}/admin/digest-off#{issue_id_token(keys, _PURPOSE, user_id)}"


def read_off_token(keys: KeyRing, token: str) -> UUID | None:
    """Whose digest a token turns off; None when it is not ours."""
    return read_id_token(keys, _PURPOSE, token)
