"""Refuses commands that another site's page could have sent with our visitor's cookie (CSRF). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from yarl import URL

from base.errors import NotAllowed

_HEADER = "X-Requested-With"
_EXPECTED = "parley"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""The names that every machine has for itself."""


class ForeignPage(NotAllowed):
    """This command did not come from the admin pages of this site: open them at the site's own address."""

    code = "foreign_page"


def check_own_page(headers: Mapping[str, str], public_url: str) -> None:
    """Lets a command through that only our pages, or no browser at all, can have sent.

    Browsers send the custom header across sites only after asking the server, which never agrees.

    Raises:
        ForeignPage: the header is missing, or the browser names another site.
    """
    if headers.get(_HEADER) != _EXPECTED or headers.get("Sec-Fetch-Site") == "cross-site":
        raise ForeignPage
    origin = headers.get("Origin")
    if origin is not None and origin not in own_origins(public_url):
        raise ForeignPage


def own_origins(public_url: str) -> frozenset[str]:
    """The origins of a site: its own, and on loopback all the names this machine has for itself."""
    url = URL(public_url)
    names = LOOPBACK if url.host in LOOPBACK else ()
    return frozenset(str(each.origin()) for each in (url, *(url.with_host(name) for name in names)))
