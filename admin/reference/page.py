"""The API's description as one page of HTML. Pure; every word of the description is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

STYLE = "/api/v1/docs.css"
DESCRIPTION = "/api/v1/openapi.json"
_METHODS = ("get", "post", "put", "patch", "delete")
_LIMITS: Mapping[str, str] = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "pattern": "like {}",
    "default": "else {}",
}
_QUOTED, _AS_CODE = re.compile(r"`([^`]*)`"), r"<code>\1</code>"
_WHO: Mapping[str, str] = {
    "public": "everybody",
    "own": "whoever is signed in by browser, about themselves",
    "token": "a source of events, by its token",
}

_INTRODUCTION = f"""
<p>Everything the admin pages do goes through this API; so can you. The same as
<a href="{DESCRIPTION}">OpenAPI 3.1</a>, for tools and clients.</p>
<h2 id="begin">How to begin</h2>
<p>Make a token in the admin under API tokens, with just the permissions your program needs, and send it with each
request:</p>
<pre><code>curl https://your.site/api/v1/leads -H "Authorization: Bearer parley_api_…"</code></pre>
<ul>
<li><b>Problems</b> are answered as <code>application/problem+json</code> (RFC 9457): <code>code</code> is for programs,
<code>detail</code> for people, <code>errors</code> names the fields.</li>
<li><b>Pages:</b> where an answer has a <code>next_cursor</code>, send it as <code>cursor</code> to get what follows;
null is the end.</li>
<li><b>Edits</b> send the <code>ETag</code> they were given as <code>If-Match</code>. 412: somebody else changed
it.</li>
<li><b>Once only:</b> a command with an <code>Idempotency-Key</code> of yours is carried out once within 24 hours,
however often you send it.</li>
</ul>
"""


def write_page(document: Mapping[str, Any]) -> str:
    """The whole page."""
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                groups.setdefault(_group_of(path), []).append(_operation(method, path, operations[method]))
    ordered = sorted(groups.items())
    links = "".join(f'<li><a href="#{name}">{_title(name)}</a></li>' for name, _ in ordered)
    sections = "".join(
        f'<section aria-labelledby="{name}"><h2 id="{name}">{_title(name)}</h2>{"".join(shown)}</section>'
        for name, shown in ordered
    )
    schemas = "".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items())
    title = escape(document["info"]["title"])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="{STYLE}"></head><body>'
        '<a class="skip" href="#main">Skip to the content</a>'
        f'<nav aria-label="Contents"><ul><li><a href="#begin">How to begin</a></li>{links}'
        '<li><a href="#shapes">Shapes</a></li></ul></nav>'
        f'<main id="main"><h1>{title}</h1>{_INTRODUCTION}{sections}'
        f'<section aria-labelledby="shapes"><h2 id="shapes">Shapes</h2>{schemas}</section></main></body></html>'
    )


def say_type(schema: Mapping[str, Any]) -> str:
    """What a value may be, as HTML."""
    limits = [text.format(_code(schema[name])) for name, text in _LIMITS.items() if schema.get(name) is not None]
    return ", ".join([_kind(schema), *limits])


def _kind(schema: Mapping[str, Any]) -> str:  # noqa: PLR0911  # one answer a kind
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f'<a href="#{_anchor(name)}">{escape(name)}</a>'
    if "const" in schema:
        return _code(schema["const"])
    if "enum" in schema:
        return " | ".join(_code(value) for value in schema["enum"])
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " or ".join(dict.fromkeys(say_type(one) for one in schema[joined]))
    kind = schema.get("type")
    if kind == "array":
        items = schema.get("items") or schema.get("prefixItems", [{}])[0]
        return f"list of {say_type(items)}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"object of {say_type(values)}" if isinstance(values, Mapping) else "object"
    plain = "anything" if kind is None else str(kind)
    return escape(f"{plain} ({schema['format']})" if "format" in schema else plain)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    permission, anchor = operation["x-permission"], _anchor(operation["operationId"])
    parts = [
        f'<article aria-labelledby="{anchor}"><h3 id="{anchor}">',
        f'<span class="method {method}">{method.upper()}</span> <code>{escape(path)}</code></h3>',
        f'<p>{escape(operation["summary"])}.</p><p class="who">For {_WHO.get(permission) or _code(permission)}</p>',
    ]
    if parameters := operation.get("parameters"):
        rows = ((each["name"], each.get("required", False), each["schema"], each) for each in parameters)
        parts.append(_table("Parameters", rows))
    if body := operation.get("requestBody"):
        parts.append(f"<p>Takes {_contents(body['content'])}</p>")
    parts.append(
        f"<ul>{''.join(_answer(status, one) for status, one in operation['responses'].items())}</ul></article>"
    )
    return "".join(parts)


def _answer(status: str, answer: Mapping[str, Any]) -> str:
    shown = f"<li><code>{escape(status)}</code> {escape(answer['description'])}"
    # Problems all have the one shape.
    return (
        f"{shown}: {_contents(answer['content'])}</li>" if status < "300" and "content" in answer else f"{shown}</li>"
    )


def _contents(content: Mapping[str, Any]) -> str:
    said = [
        say_type(one.get("schema", {})) if kind == "application/json" else _code(kind) for kind, one in content.items()
    ]
    return " or ".join(said)


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", [])
    properties = schema.get("properties")
    head = f'<article aria-labelledby="{_anchor(name)}"><h3 id="{_anchor(name)}">{escape(name)}</h3>{_text(schema)}'
    if not properties:
        return f"{head}<p>{say_type(schema)}</p></article>"
    rows = ((field, field in needed, one, one) for field, one in properties.items())
    return f"{head}{_table('Fields', rows)}</article>"


def _table(caption: str, rows: Iterable[tuple[str, bool, Mapping[str, Any], Mapping[str, Any]]]) -> str:
    shown = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code>{" <em>needed</em>" if needed else ""}</th>'
        f"<td>{say_type(schema)}{_text(described)}</td></tr>"
        for name, needed, schema, described in rows
    )
    return f"<table><caption>{caption}</caption><tbody>{shown}</tbody></table>"


def _text(described: Mapping[str, Any]) -> str:
    text = escape(described.get("description", ""))
    return f"<p>{_QUOTED.sub(_AS_CODE, text)}</p>" if text else ""


def _code(value: object) -> str:
    return f"<code>{escape(str(value))}</code>"


def _group_of(path: str) -> str:
    return re.sub(r"[^a-z0-9-]", "-", path.split("/")[3])


def _title(group: str) -> str:
    return escape(group.replace("-", " ").capitalize())


def _anchor(name: str) -> str:
    return "of-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)
