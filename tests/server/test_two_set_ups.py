"""Two companies, two set-ups: what is one's is nothing to the other, by whatever id, session, token or signed link.

Parley keeps one company per set-up, so an id of another's must be answered exactly as an id that exists nowhere is.
The walk lists the router: a route that it does not know how to ask fails it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from sqlalchemy import select

from admin.api.endpoints import Endpoint, find_endpoint
from admin.models import AdminSession
from base.ids import new_id
from base.link_tokens import create_serializer
from channels.email.tokens import Unsubscribe
from channels.email.tokens import issue_token as unsubscribe_token
from channels.web.tokens import VisitorTokens
from crm.consent.double_opt_in import issue_token as confirmation_token
from crm.consent.models import ConsentConfirmation, ConsentEvent
from crm.consent.routes import issue_token as receipt_token
from crm.meetings.models import Meeting
from crm.meetings.routes import issue_token as meeting_token
from crm.privacy.models import PrivacyRequest
from crm.privacy.pages.tokens import Holder, issue_preferences_token, issue_request_token
from outreach.models import OutboxMessage
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.conftest import fresh_database
from tests.server.full_set_up import FullSetUp, full_set_up

TREE = {"tag": "vip"}
PERIOD = {"since": "2026-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}
BODIES: dict[str, Any] = {
    "change_role": {"permissions": ["contacts.read"]},
    "change_contact_tags": {"add": ["vip"]},
    "change_tags_in_conversation": {"add": ["vip"]},
    "add_note": {"text": "Hello"},
    "mark_read": {"seq": 1},
    "tell_that_typing": {"on": True},
    "set_stage_in_conversation": {"stage": "sql"},
    "add_task_in_conversation": {"title": "Call"},
    "edit_canned_reply": {"name": "Hours", "language": "en", "text": "From ten"},
    "edit_team": {"name": "sellers"},
    "edit_segment": {"name": "Others", "tree": TREE},
    "edit_webhook": {"name": "Hook", "url": "https://hooks.site.invalid/in", "kinds": ["lead_captured"]},
    "replay_webhook": PERIOD,
    "change_flow_note": {"text": "Too short"},
    "decide_experiment": {"variant": "plain"},
    "change_company": {"name": "Southwind"},
    "change_contact_field": {"label": "Money"},
    "set_contact_fields": {"fields": {"first_name": "Eve"}},
    "set_contact_company": {"company_id": None},
    "set_contact_owner": {"user_id": None},
    "set_contact_external_id": {"source": "crm", "value": "77"},
    "assign_conversation": {"team_id": None, "user_id": None},
    "add_reply": lambda: {"text": "Hello", "client_id": str(new_id())},
    "book_meeting": lambda: {"calendar": "sales", "starts_at": "2026-12-01T10:00:00Z", "client_id": str(new_id())},
    "move_meeting": {"starts_at": "2026-12-01T10:00:00Z"},
    "edit_calendar": {"title": "Sales", "zone": "Europe/Berlin", "hours": {"mon": ["09:00-12:00"]}},
    "put_caldav_behind": {"url": "https://calendar.site.invalid/sales/", "username": "sales", "password": "secret"},
    "take_out": {"journey": "carts"},
    "merge_contact": lambda: {"merged_id": str(new_id())},
    "confirm_merge_candidate": lambda: {"survivor_id": str(new_id())},
    "extend_privacy_request": {"reason": "It is much"},
    "refuse_privacy_request": {"reason": "Not theirs"},
    "carry_out_privacy_request": {"outcome": "It was done"},
}
"""What is sent along, of operations that need more than an empty object to get as far as the thing itself."""
QUERIES = {"preview_contact_merge": "merged_id={contact}", "list_free_times": "calendar=sales"}
"""Likewise what a query must hold."""

REFERENCES: dict[str, Any] = {
    "assign_conversation": ("conversation", lambda id_: {"team_id": id_, "user_id": None}),
    "add_team": (None, lambda id_: {"name": f"t_{new_id().hex}", "members": [id_]}),
    "edit_team": ("team", lambda id_: {"name": "sales", "members": [id_]}),
    "set_rules": (None, lambda id_: {"items": [{"team_id": id_}]}),
    "enrol_contact": (None, lambda id_: {"journey": "carts", "contact": id_}),
    "add_backfill": (None, lambda id_: {"journey": "carts", "segment": id_}),
    "set_contact_company": ("contact", lambda id_: {"company_id": id_}),
    "set_contact_owner": ("contact", lambda id_: {"user_id": id_}),
    "merge_contact": ("contact", lambda id_: {"merged_id": id_}),
    "start_bulk_operation": (
        None,
        lambda id_: {"selection": {"ids": [id_]}, "operation": "add_tag", "tag": "vip"},
    ),
    "count_bulk_selection": (None, lambda id_: {"selection": {"ids": [id_]}}),
    "confirm_merge_candidate": ("candidate", lambda id_: {"survivor_id": id_}),
    "file_privacy_request": (None, lambda id_: {"contact_id": id_, "kind": "access"}),
    "find_contacts": (None, lambda id_: {"tree": {"segment": id_}}),
    "add_segment": (None, lambda id_: {"name": f"S {new_id()}", "tree": {"segment": id_}}),
    "edit_segment": ("segment", lambda id_: {"name": "Tagged", "tree": {"segment": id_}}),
    "count_segment": (None, lambda id_: {"tree": {"segment": id_}}),
    "preview_segment": (None, lambda id_: {"tree": {"segment": id_}}),
    "describe_segment": (None, lambda id_: {"tree": {"segment": id_}}),
    "dismiss_gaps": (None, lambda id_: {"message_ids": [id_]}),
    "create_proposal": (None, lambda id_: {"kind": "intent", "target": "ask_price", "language": "en", "group_id": id_}),
}
"""Bodies that name something by its id, and what of our own they are sent to."""
NO_REFERENCES = {
    "add_reply": "client_id is the sender's own",
    "book_meeting": "client_id is the sender's own",
    "send_events": "asked with the token of a source; the walk of tokens has it",
    "preview_score_rules": "so_far holds a count and where it stopped",
}
"""Operations whose bodies have an id that names nothing of ours."""


ANSWERED_ALIKE = {"tell_that_typing": "204 whatever the talk is, and nothing is kept"}
"""Operations that answer well, though there is no such thing."""


@dataclass(frozen=True)
class Told:
    """An answer without what differs by the id that was asked for."""

    status: int
    text: str


@pytest.fixture(scope="module")
async def pair(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[FullSetUp, FullSetUp]]:
    """A, who asks, and B, whose ids are asked for."""
    folder = tmp_path_factory.mktemp("set-ups")
    with fresh_database(postgres_url) as one, fresh_database(postgres_url) as other:
        async with (
            scripted_dialogue() as dialogue,
            full_set_up(one, dialogue, folder / "a") as a,
            full_set_up(other, dialogue, folder / "b") as b,
        ):
            yield a, b


def endpoints_with_ids(app: web.Application) -> list[Endpoint]:
    found = [
        (route.resource.canonical, find_endpoint(route.handler)) for route in app.router.routes() if route.resource
    ]
    return [endpoint for path, endpoint in found if endpoint is not None and "{" in path]


async def ask(set_up: FullSetUp, endpoint: Endpoint, ids: dict[str, UUID], **headers: str) -> Told:
    """Asks for things by their ids, with whatever body the operation wants."""
    path = re.sub(r"\{(\w+)\}", lambda match: str(ids[match[1]]), endpoint.path)
    if endpoint.operation_id in QUERIES:
        path += "?" + QUERIES[endpoint.operation_id].format(contact=set_up.made["contact"])
    body = BODIES.get(endpoint.operation_id, {})
    told = {**({"If-Match": '"1"'} if endpoint.edits else {}), **headers}
    answer = await set_up.ask(endpoint.method, path, body() if callable(body) else body, **told)
    return Told(answer.status, _without(await answer.read(), ids.values()))


def _without(body: bytes, ids: Any) -> str:
    text = body.decode(errors="replace")
    for one in ids:
        text = text.replace(str(one), "ID").replace(one.hex, "ID")
    return text


def ids_of(endpoint: Endpoint, own: Iterator[UUID] | list[UUID], foreign: UUID) -> Iterator[dict[str, UUID]]:
    """The foreign id in each place of the path, the others filled with the same or with one of our own."""
    names = re.findall(r"\{(\w+)\}", endpoint.path)
    yield dict.fromkeys(names, foreign)
    if len(names) > 1:
        for one in own:
            yield {**dict.fromkeys(names, one), names[-1]: foreign}


@pytest.mark.long
async def test_no_id_of_another_set_up_says_more_than_an_id_that_exists_nowhere(pair) -> None:
    a, b = pair
    before, ids, own = await a.settle(), await b.list_ids(each=1), await a.list_ids(each=1)
    assert len(ids) > 50
    found = []
    for endpoint in endpoints_with_ids(a.app):
        is_of_two = endpoint.path.count("{") > 1
        parents = [one for one in own if is_of_two and (await _is_there(a, endpoint, one))]
        nowhere = {at: await ask(a, endpoint, at_ids) for at, at_ids in enumerate(ids_of(endpoint, parents, new_id()))}
        for one in ids:
            for at, at_ids in enumerate(ids_of(endpoint, parents, one)):
                told = await ask(a, endpoint, at_ids)
                is_told = told.status < 300 and endpoint.operation_id not in ANSWERED_ALIKE
                if told != nowhere[at] or is_told or told.status >= 500:
                    found.append((endpoint.operation_id, str(one), told))
    assert found == []
    assert await a.state() == before, "nothing was written"


async def _is_there(set_up: FullSetUp, endpoint: Endpoint, id_: UUID) -> bool:
    """Whether this is the id of what the first part of the path speaks of."""
    path = endpoint.path.split("{")[0] + str(id_)
    answer = await set_up.ask("GET", path)
    return answer.status == 200


@pytest.mark.long
async def test_neither_an_api_token_nor_a_session_of_another_set_up_opens_anything(pair) -> None:
    a, b = pair
    before, cookie = await a.settle(), _cookie_of(b)
    ids, asked = await b.list_ids(each=1), 0
    for route in a.app.router.routes():
        endpoint = find_endpoint(route.handler)
        if endpoint is None or endpoint.permission == "public":
            continue
        for headers in (
            {"Cookie": cookie},
            {"Authorization": f"Bearer {b.token}"},
            {"Authorization": f"Bearer {b.event_token}"},
        ):
            at_ids = dict.fromkeys(re.findall(r"\{(\w+)\}", endpoint.path), ids[asked % len(ids)])
            told = await _ask_as_a_stranger(a, endpoint, at_ids, headers)
            assert told.status == 401, (endpoint.operation_id, told)
            asked += 1
    assert asked > 600
    assert await a.state() == before


@pytest.mark.long
async def test_an_api_token_of_ones_own_reaches_nothing_of_another_set_up(pair) -> None:
    a, b = pair
    before, nowhere = await a.settle(), new_id()
    by_token = {"Authorization": f"Bearer {a.token}"}
    for endpoint in endpoints_with_ids(a.app):
        if endpoint.permission == "own":
            continue  # no token opens these
        names = re.findall(r"\{(\w+)\}", endpoint.path)
        wanted = await _ask_as_a_stranger(a, endpoint, dict.fromkeys(names, nowhere), by_token)
        for one in map(UUID, b.made.values()):
            assert await _ask_as_a_stranger(a, endpoint, dict.fromkeys(names, one), by_token) == wanted
    assert await a.state() == before


@pytest.mark.long
async def test_a_body_or_a_query_that_names_what_is_another_set_ups_is_told_that_it_does_not_exist(pair) -> None:
    a, b = pair
    ids = await b.list_ids(each=1)
    async with a.platform.sessions() as session:
        from crm.resolution.models import MergeCandidate

        a.made["candidate"] = str(await session.scalar(select(MergeCandidate.id)))
    before, found = await a.settle(), []
    for endpoint, send in _references(a):
        nowhere = await send(new_id())
        for one in ids:
            told = await send(one)
            if told != nowhere or told.status == 500:
                found.append((endpoint.operation_id, str(one), told, nowhere))
    assert found == []
    assert await a.state() == before, "nothing was written"


def _references(a: FullSetUp) -> Iterator[tuple[Endpoint, Callable[[UUID], Any]]]:
    """Each way to name something by its id elsewhere than in the path."""
    for route in a.app.router.routes():
        endpoint = find_endpoint(route.handler)
        if endpoint is None:
            continue
        name = endpoint.operation_id
        if endpoint.body is not None and '"uuid"' in str(endpoint.body.model_json_schema()).replace("'", '"'):
            assert name in REFERENCES or name in NO_REFERENCES, f"{name} takes an id that is not walked"
        if name in REFERENCES:
            yield endpoint, _sending(a, endpoint)
        if endpoint.method == "GET" and endpoint.query is not None and "{" not in endpoint.path:
            for parameter, schema in endpoint.query.model_json_schema()["properties"].items():
                if "'uuid'" in str(schema):
                    yield endpoint, _querying(a, endpoint, parameter)


def _sending(a: FullSetUp, endpoint: Endpoint) -> Callable[[UUID], Any]:
    kind, make = REFERENCES[endpoint.operation_id]

    async def send(id_: UUID) -> Told:
        path = endpoint.path if kind is None else endpoint.path.replace("{id}", a.made[kind])
        told = {"If-Match": '"1"'} if endpoint.edits else {}
        answer = await a.ask(endpoint.method, path, make(str(id_)), **told)
        return Told(answer.status, _without(await answer.read(), [id_]))

    return send


def _querying(a: FullSetUp, endpoint: Endpoint, parameter: str) -> Callable[[UUID], Any]:
    async def send(id_: UUID) -> Told:
        answer = await a.ask("GET", f"{endpoint.path}?{parameter}={id_}")
        return Told(answer.status, _without(await answer.read(), [id_]))

    return send


async def test_no_signed_link_of_another_set_up_opens_anything(pair) -> None:
    a, b = pair
    before, links = await a.settle(), await _links_of(b)
    walked = set()
    for route in a.app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        if "{token}" not in path or route.method in {"HEAD", "OPTIONS"}:
            continue
        assert path in links, f"{path} takes a token that is not walked"
        for method_path, set_up in ((path, a), (path, b)):
            good = await _follow(set_up, route.method, method_path, links[path])
            junk = await _follow(set_up, route.method, method_path, "junk")
            if set_up is a:
                assert good == junk, path
                assert good.status in {400, 403, 404, 410}, path
            elif route.method == "GET":
                assert good != junk, f"{path}: the link does not work at home either"
                walked.add(path)
    assert walked >= set(links) - {"/callbacks/{token}"}
    assert await a.state() == before


async def test_a_visitor_of_another_set_up_reads_and_writes_no_talk(pair) -> None:
    a, b = pair
    origin = next(iter(b.platform.settings.origins))
    token = VisitorTokens(b.platform.keys).issue(UUID(b.made["conversation"]), origin)
    headers = {"Authorization": f"Bearer {token}", "Origin": origin}
    for set_up, statuses in ((a, {401, 403}), (b, {200})):
        answer = await set_up.owner.get("/chat/messages?after=0&wait=0", headers=headers)
        assert answer.status in statuses, await answer.text()


async def test_hooks_of_another_set_ups_accounts_and_sources_take_nothing(pair) -> None:
    a, b = pair
    before, ids = await a.settle(), await b.list_ids(each=1)
    walked = 0
    for route in a.app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        is_hook = path.startswith(("/hooks/", "/events/webhooks/"))
        if not is_hook or route.method in {"HEAD", "OPTIONS"}:
            continue
        for one in ids:
            filled = re.sub(r"\{\w+\}", str(one), path)
            answer = await a.owner.request(route.method, filled, json={"update_id": 1})
            assert 400 <= answer.status < 500, (path, answer.status)
            walked += 1
    assert walked > 300
    assert await a.state() == before


async def test_every_route_with_a_part_that_changes_is_walked(pair) -> None:
    a, _ = pair
    known = ("/hooks/", "/events/webhooks/", "/admin/")
    for route in a.app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        if "{" in path and find_endpoint(route.handler) is None:
            assert "{token}" in path or path.startswith(known), path


async def test_what_is_one_users_is_nothing_to_another_user_of_the_same_set_up(pair) -> None:
    a, _ = pair
    async with a.platform.sessions() as session:
        theirs = await session.scalar(select(AdminSession.id))
    private = [endpoint for endpoint in endpoints_with_ids(a.app) if endpoint.permission == "own"]
    assert {endpoint.operation_id for endpoint in private} >= {"end_own_session", "remove_passkey", "revoke_api_token"}
    link = (await a.make("", "invitations", {"email": "eve@site.example", "name": "Eve", "role": "agent"}))["link"]
    accepted = {"token": link.partition("#")[2].removeprefix("token="), "name": "Eve", "password": "another passphrase"}
    mine = _cookie_of(a)
    answer = await a.ask("POST", "/api/v1/invitations/accept", accepted, Cookie="")
    assert answer.status == 201, await answer.text()
    eve = answer.cookies["parley_session"].OutputString().partition(";")[0]
    a.owner.session.cookie_jar.clear()
    before, nowhere = await a.settle(), new_id()
    for endpoint in private:
        wanted = await _ask_as_a_stranger(a, endpoint, {"id": nowhere}, {"Cookie": eve})
        for one in (theirs, *await a.list_ids(each=1)):
            if endpoint.operation_id == "end_own_session" and await _is_eves(a, one):
                continue
            told = await _ask_as_a_stranger(a, endpoint, {"id": one}, {"Cookie": eve})
            assert told == wanted, (endpoint.operation_id, one)
    assert await a.state() == before
    a.owner.session.cookie_jar.update_cookies({"parley_session": mine.partition("=")[2]}, a.owner.make_url("/"))


@pytest.mark.long
async def test_all_of_it_is_there_for_the_set_up_whose_it_is(pair) -> None:
    """Without this, the walks above could pass because nothing is ever found. Comes last: it takes things away."""
    _, b = pair
    ids = [*map(UUID, b.made.values()), *await b.list_ids(each=2)]
    ordered = sorted(endpoints_with_ids(b.app), key=lambda each: (each.method == "DELETE", _takes_away(each)))
    told_apart = [each for each in ordered if each.operation_id not in ANSWERED_ALIKE]
    missing = [each.operation_id for each in told_apart if not await _rightful(b, each, ids)]
    told = "another set-up has none of it, or the body that is sent is refused before it is looked for"
    assert missing == [], f"{told}: {', '.join(missing)}"


def _takes_away(endpoint: Endpoint) -> int:
    """What ends other things comes later."""
    late = ("merge", "carry_out", "refuse", "remove", "end_", "cancel", "undo", "close", "dismiss", "reject", "accept")
    return sum(word in endpoint.operation_id for word in late)


async def _rightful(b: FullSetUp, endpoint: Endpoint, ids: list[UUID]) -> bool:
    """Whether the operation finds something by one of these. Of commands it is carried out."""
    names = re.findall(r"\{(\w+)\}", endpoint.path)
    nowhere = await ask(b, endpoint, dict.fromkeys(names, new_id()))
    for one in ids:
        at_ids = dict.fromkeys(names, one) if len(names) == 1 else await _pair_of(b, endpoint)
        told = await ask(b, endpoint, at_ids)
        if told.status == 401:
            await b.sign_in()  # some of what is walked signs the owner out
            told = await ask(b, endpoint, at_ids)
        assert told.status != 500, (endpoint.operation_id, told)
        if told not in {nowhere, Told(401, told.text)}:
            return True
    return False


async def _pair_of(b: FullSetUp, endpoint: Endpoint) -> dict[str, UUID]:
    from crm.webhooks.models import WebhookDelivery

    if "contact_id" in endpoint.path:
        return {"id": UUID(b.made["segment"]), "contact_id": UUID(b.made["contact"])}
    async with b.platform.sessions() as session:
        row = (await session.execute(select(WebhookDelivery.endpoint_id, WebhookDelivery.event_id).limit(1))).one()
    return {"id": row.endpoint_id, "event_id": row.event_id}


async def _is_eves(a: FullSetUp, id_: UUID) -> bool:
    async with a.platform.sessions() as session:
        owner = await session.scalar(select(AdminSession.user_id).where(AdminSession.id == id_))
    return owner is not None and str(owner) != a.made["owner"]


def _cookie_of(set_up: FullSetUp) -> str:
    cookies = set_up.owner.session.cookie_jar.filter_cookies(set_up.owner.make_url("/"))
    return f"parley_session={cookies['parley_session'].value}"


async def _ask_as_a_stranger(a: FullSetUp, endpoint: Endpoint, ids: dict[str, UUID], headers: dict[str, str]) -> Told:
    """Without the owner's cookie."""
    kept = a.owner.session.cookie_jar.filter_cookies(a.owner.make_url("/"))
    a.owner.session.cookie_jar.clear()
    told = await ask(a, endpoint, ids, **headers)
    a.owner.session.cookie_jar.update_cookies(kept, a.owner.make_url("/"))
    return told


async def _follow(set_up: FullSetUp, method: str, path: str, token: str) -> Told:
    answer = await set_up.owner.request(method, path.replace("{token}", token), json={}, allow_redirects=False)
    return Told(answer.status, (await answer.read()).decode(errors="replace").replace(token, "TOKEN"))


async def _links_of(b: FullSetUp) -> dict[str, str]:
    """A link of each kind, as B makes them."""
    keys = b.platform.keys
    async with b.platform.sessions() as session:
        sent = (await session.scalars(select(OutboxMessage).where(OutboxMessage.state == "accepted"))).one()
        meeting = await session.scalar(select(Meeting.id))
        asked = await session.scalar(select(ConsentConfirmation.id))
        event = await session.scalar(select(ConsentEvent.id))
        request = await session.scalar(select(PrivacyRequest.id))
    assert meeting
    assert asked
    assert event
    assert request
    index = keys.blind_index("zyxwenda.q@plimforth-vexworks.example", kind="email")
    person = issue_preferences_token(keys, Holder(UUID(b.made["contact"]), index))
    counted = str(create_serializer(keys, "email_counts").dumps([sent.id.hex, 1]))
    return {
        "/unsubscribe/{token}": unsubscribe_token(keys, Unsubscribe(sent.id, UUID(b.made["contact"]), index)),
        "/consent/confirm/{token}": confirmation_token(keys, asked),
        "/consent/receipts/{token}.jsonld": receipt_token(keys, event),
        "/meetings/{token}.ics": meeting_token(keys, meeting),
        "/meetings/{token}": meeting_token(keys, meeting),
        "/preferences/{token}": person,
        "/privacy/{token}": person,
        "/privacy/request/{token}": issue_request_token(keys, request),
        "/l/{token}": counted,
        "/o/{token}.gif": counted,
        "/callbacks/{token}": "a" * 43,
    }
