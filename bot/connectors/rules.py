"""What a connector allows and what its description must look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import quote, unquote, urlencode

from yarl import URL

METHODS = ("GET", "POST", "PUT", "PATCH")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,4000}")
_OURS = {
    "host", "connection", "content-length", "content-type", "content-encoding", "transfer-encoding", "accept",
    "accept-encoding", "idempotency-key", "te", "trailer", "upgrade", "expect", "cookie",
}  # fmt: skip
_UNQUOTED_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_IN_PATH = re.compile(r"[\x00-\x20\x7f?#\\]")
_SAFE = "/%:@!$&'()*+,;=~-._"


def check_description(
    *,
    name: str,
    base_url: str,
    headers: Mapping[str, str],
    methods: Collection[str],
    paths: Collection[str],
    allow_private: bool,
    calls_a_day: int,
) -> list[dict[str, str]]:
    """What is wrong with a connector, as `{"field", "message"}`; nothing when it is fine."""
    problems = [
        ("name", "Use lower-case letters, digits and underscores, a letter first.", bool(_NAME.fullmatch(name))),
        ("base_url", _base_url_words(allow_private=allow_private), _is_base_url(base_url, allow_private=allow_private)),
        (
            "headers",
            "Give names and values of plain characters; some headers are set by Parley.",
            _are_headers(headers),
        ),
        ("methods", f"Choose from {', '.join(METHODS)}.", bool(methods) and set(methods) <= set(METHODS)),
        ("paths", "Give at least one path that begins with a slash, without a query.", _are_paths(paths)),
        ("calls_a_day", "Give a number from 1 to 1000000.", 1 <= calls_a_day <= 1_000_000),
    ]
    return [{"field": field, "message": message} for field, message, fine in problems if not fine]


def is_path_allowed(path: str, prefixes: Iterable[str]) -> bool:
    """Whether a path lies at or below one of the prefixes, compared part by part: `/leads` does not allow `/leadsale`.

    Some servers unquote before they follow `..`, some twice; so a path that could become one is never allowed.
    """
    if not path.startswith("/") or path.startswith("//") or _NOT_IN_PATH.search(path) or _UNQUOTED_PERCENT.search(path):
        return False
    twice = unquote(unquote(path)).replace("\\", "/")
    if any(sign < " " or sign == "\x7f" for sign in twice) or {".", ".."} & set(re.split(r"[/;]", twice)):
        return False
    return any(prefix in {"/", path} or path.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


def build_url(base_url: str, path: str, query: Mapping[str, str]) -> str:
    """The whole address, quoted. What is quoted in the path already stays as it is."""
    whole = base_url.rstrip("/") + quote(path, safe=_SAFE, errors="replace")
    return f"{whole}?{urlencode(query, errors='replace', quote_via=quote)}" if query else whole


def _is_base_url(text: str, *, allow_private: bool) -> bool:
    try:
        url = URL(text, encoded=True)
        _ = url.port
    except ValueError:
        return False
    schemes = {"https", "http"} if allow_private else {"https"}
    extras = url.user or url.password or url.query_string or url.fragment
    return url.scheme in schemes and bool(url.host) and not extras and is_path_allowed(url.raw_path or "/", ["/"])


def _base_url_words(*, allow_private: bool) -> str:
    begin = "http:// or https://" if allow_private else "https://"
    return f"Give an address that begins with {begin}, without user name, query or fragment."


def _are_headers(headers: Mapping[str, str]) -> bool:
    return len(headers) <= 20 and all(
        _HEADER.fullmatch(name) and name.lower() not in _OURS and _HEADER_VALUE.fullmatch(value)
        for name, value in headers.items()
    )


def _are_paths(paths: Collection[str]) -> bool:
    return 1 <= len(paths) <= 50 and all(is_path_allowed(path, ["/"]) for path in paths)
