"""Texts that do harm where they are shown, saved or sent as anything but text, and bodies with one in each text field.

Sends nothing itself. Elements made from a text carry `data-poison`, scripts that run set `window.poisoned`, templates
that are carried out leave `PRODUCT`, and whatever is fetched comes from `STRANGER`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

STRANGER = "poison.invalid"
PRODUCT = str(1_337 * 1_331)

SHOWN = {
    "img": '"><img data-poison src=x onerror=window.poisoned=1>',
    "script": "</title></textarea><script data-poison>window.poisoned=1</script>",
    "svg": "'><svg data-poison onload=window.poisoned=1>",
    "attribute": '" onfocus=window.poisoned=1 autofocus data-poison="',
    "link": "javascript:window.poisoned=1//",
    "markdown": f"[p](javascript:window.poisoned=1) ![p](https://{STRANGER}/p.png)",
    "frame": f"<iframe data-poison src=//{STRANGER}></iframe><base href=//{STRANGER}>",
    "style": f"<style data-poison>@import '//{STRANGER}/p.css';</style>",
    "template": "{{1337*1331}} ${1337*1331} #{1337*1331} <%= 1337*1331 %>",
}
"""What a page, a mail or a widget would turn into something else if it did not escape."""

FORMULAS = ("=", "+", "-", "@", "\t=", "\r=")
"""What makes a cell of a table a formula."""

STORED = {
    **SHOWN,
    "formula": f'=HYPERLINK("https://{STRANGER}","p")',
    "command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "format": "%s %(x)s %n {0} {x.__class__}",
    "right_to_left": "p\u202egpj.exe\u2066\u200b\u2028",
    "nul": "p\0q",
    "half": "p\ud83d",
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "lines": f"p\r\nBcc: q@{STRANGER}\r\n\r\n<b data-poison>",
    "sql": "p'; DROP TABLE contacts; --",
    "path": "../../../../etc/passwd",
    "long": "W" * 20_000,
}
"""All of them."""


def places(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a body texts stand, also as names of what callers name themselves."""
    if isinstance(body, Mapping):
        for name, value in body.items():
            yield from places(value, (*at, name))
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from places(value, (*at, number))
    elif isinstance(body, str):
        yield at


def with_text(body: Any, at: tuple[Any, ...], text: str) -> Any:
    """The body with this text in one place."""
    poisoned = copy.deepcopy(body)
    inner = poisoned
    for name in at[:-1]:
        inner = inner[name]
    inner[at[-1]] = text
    return poisoned


class Description:
    """The API's description, of which bodies are made."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def commands(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and operation of all that is sent with a JSON body."""
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                if "application/json" in operation.get("requestBody", {}).get("content", {}):
                    yield method.upper(), path, operation

    def example(self, operation: Mapping[str, Any]) -> Any:
        """A body with something in each field, as the description has it."""
        return self._of(operation["requestBody"]["content"]["application/json"]["schema"])

    def _of(self, schema: Mapping[str, Any], depth: int = 0) -> Any:
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        kinds = [one for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if one != {"type": "null"}]
        if kinds:
            return None if depth > _DEEPEST else self._of(kinds[0], depth + 1)
        chosen = [schema["const"]] if "const" in schema else schema.get("enum")
        if chosen:
            return chosen[0]
        match schema.get("type"):
            case "object":
                return self._object_of(schema, depth)
            case "array":
                least = schema.get("minItems", 1)
                return [self._of(schema.get("items", {}), depth + 1)] * least if depth <= _DEEPEST or least else []
        simple = {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1), "boolean": False}
        return simple.get(schema.get("type", ""), _text_of(schema))

    def _object_of(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        needed = schema.get("required", [])
        return {
            name: self._of(field, depth + 1)
            for name, field in schema.get("properties", {}).items()
            if name in needed or depth <= _DEEPEST
        }


def fitting(made: Mapping[str, str]) -> dict[str, Any]:
    """Bodies that are taken, of commands for which the description makes none; `made` are ids of what there is."""
    return {
        "change_account": {"name": "Olivia"},
        "invite_user": {"email": "ivy@site.example", "name": "Ivy", "role": "agent"},
        "create_role": {"name": "Writers", "permissions": ["contacts.read"]},
        "create_api_token": {"name": "Nightly", "permissions": ["contacts.read"], "days": 1},
        "change_contact_tags": {"add": ["vip"]},
        "add_note": {"text": "Call back"},
        "change_tags_in_conversation": {"add": ["vip"]},
        "add_task_in_conversation": {"title": "Call back"},
        "add_canned_reply": {"name": "Prices", "language": "en", "text": "They are low"},
        "add_team": {"name": "sellers", "members": []},
        "set_rules": {"items": [{"team_id": made["team"], "channel": "web", "language": "en"}]},
        "add_flow_note": {"item": "library/demo_request", "text": "Too long"},
        "begin_flow_draft": {"item": "library/poisoned", "title": "A flow", "language": "en"},
        "make_event_source": {"name": "till", "way": "api"},
        "add_event_kind": {"name": "webinar_joined", "title": "Joined", "properties": {"topic": {"type": "string"}}},
        "create_company": {"name": "Northwind", "domains": ["northwind.example"], "fields": {}},
        "change_company": {"name": "Northwind"},
        "create_contact_field": {"name": "plan", "label": "Plan", "type": "choice", "choices": ["small"]},
        "change_contact_field": {"label": "Money"},
        "set_contact_fields": {"fields": {"first_name": "Ann", "problem": "Late", "company": "Ltd"}},
        "set_contact_external_id": {"source": "crm", "value": "77"},
        "file_privacy_request": {
            "contact_id": made["contact"], "kind": "rectify", "channel": "post", "fields": {"first_name": "Ann"},
        },
        "add_segment": {"name": "Germans", "tree": {"fact": "country", "op": "is", "value": "DE"}},
        "count_segment": {"tree": {"tag": "vip"}},
        "preview_segment": {"tree": {"tag": "vip"}},
        "describe_segment": {"tree": {"tag": "vip"}},
        "find_contacts": {"tree": {"tag": "vip"}},
        "make_webhook": {"name": "Till", "url": "https://93.184.216.34/in", "kinds": ["lead_captured"]},
    }  # fmt: skip


OF = {
    "contacts": "contact", "leads": "contact", "conversations": "conversation", "companies": "company",
    "contact-fields": "field", "segments": "segment", "webhooks": "webhook", "imports": "import",
    "canned-replies": "canned_reply", "roles": "role", "inbox/teams": "team",
}  # fmt: skip
"""What the ids in a path are of, by what stands before them."""


def filled(path: str, made: Mapping[str, str]) -> str:
    """The path with the id of what there is; an id of nothing where there is none."""
    before = path.removeprefix("/api/v1/").partition("/{")[0]
    one = made.get(OF.get(before, ""), _NOWHERE)
    return re.sub(r"\{\w+\}", one, path)


_DEEPEST = 4
_NOWHERE = "018f0000-0000-7000-8000-000000000000"


def _text_of(schema: Mapping[str, Any]) -> str:
    fitting = {
        "uuid": "018f0000-0000-7000-8000-000000000000",
        "date-time": "2026-12-01T10:00:00Z",
        "date": "2026-12-01",
    }
    if schema.get("format") in fitting:
        return fitting[schema["format"]]
    return "a text".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 100)]
