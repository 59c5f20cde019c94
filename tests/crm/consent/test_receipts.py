"""Receipts and public keys: whoever holds them can check them, without us and after our keys changed."""

from __future__ import annotations

import copy
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from admin.api.problems import problem_middleware
from base.clock import SystemClock
from base.database import transaction
from base.encryption import KeyRing
from base.ids import new_id
from crm.consent.export import LEDGER, export_ledger
from crm.consent.heads import sign_head
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.models import ConsentEvent
from crm.consent.receipts import CONTEXT, Issuer, as_kantara, list_receipts, make_receipt
from crm.consent.routes import LedgerPages, issue_token, routes
from crm.consent.signing import jwks_of, keep_public_keys, signer_of
from crm.consent.verify_ledger import canonical, read_keys, verify_export, verify_receipt
from tests.crm.consent.ledgers import RING, TEXT, make_events, trusted

ISSUER = Issuer("https://parley.example", "Northwind, Road 1, Berlin")


def _receipt(**changes):
    (event,) = make_events(1)
    row = ConsentEvent(**(event | changes))
    return make_receipt(row, TEXT, ISSUER, signer_of(RING))


def test_a_receipt_says_who_what_when_how_and_by_which_text() -> None:
    receipt = _receipt(event="given")
    record = receipt["dpv:hasRecordOfActivity"]
    assert receipt["@type"] == "dpv:ConsentReceipt"
    assert receipt["dct:conformsTo"].endswith("dpv-27560#receipt-eu-gdpr")
    assert record["dpv:hasConsentStatus"] == "https://w3id.org/dpv#ConsentGiven"
    assert record["dpv:hasDataController"]["schema:name"] == "Northwind"
    assert record["dpv:hasNotice"]["dct:description"] == TEXT
    assert record["dpv:hasProcess"]["dpv:hasPurpose"] == ["https://w3id.org/dpv#DirectMarketing"]
    assert record["dpv:hasJurisdiction"] == ["https://w3id.org/dpv/loc#DE"]
    assert record["dpv:hasLegalBasis"][1].endswith("gdpr#A6-1-a")


@pytest.mark.parametrize("event", ["requested", "given", "confirmed", "refused", "withdrawn", "expired", "superseded"])
def test_every_kind_of_event_has_a_receipt_that_verifies(event) -> None:
    receipt = _receipt(event=event, jurisdiction=None, notice_sha256=None, purpose="all", channel="all")
    assert verify_receipt(receipt, trusted()).findings == []
    assert "dpv:hasNotice" not in receipt["dpv:hasRecordOfActivity"]


def test_every_short_name_in_a_receipt_is_explained_in_the_receipt_itself() -> None:
    """A reader of JSON-LD must have to ask no server."""
    assert all(isinstance(one, (str, dict)) for one in CONTEXT.values())

    def names(value):
        if isinstance(value, dict):
            for name, inner in value.items():
                if name != "@context":
                    yield name
                    yield from names(inner)
        elif isinstance(value, list):
            for one in value:
                yield from names(one)

    for name in names(_receipt()):
        assert name.startswith("@") or name in CONTEXT or name.partition(":")[0] in CONTEXT, name


def _places(value, path=()):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _places(inner, (*path, number))
    else:
        yield path


@given(st.sampled_from(sorted(_places(_receipt()), key=str)), st.text(max_size=5))
def test_whatever_is_changed_in_a_receipt_is_found(path, other) -> None:
    receipt = copy.deepcopy(_receipt())
    inner = receipt
    for name in path[:-1]:
        inner = inner[name]
    if inner[path[-1]] == other:
        return
    inner[path[-1]] = other
    assert not verify_receipt(receipt, trusted()).is_intact


def test_a_receipt_of_a_strangers_key_is_found() -> None:
    stranger = KeyRing("k1", {"k1": b"\x09" * 32}, b"\x02" * 32)
    assert not verify_receipt(_receipt(), trusted(stranger)).is_intact
    assert not verify_receipt({}, trusted()).is_intact
    assert not verify_receipt([], trusted()).is_intact


def test_older_readers_find_the_names_they_know() -> None:
    (event,) = make_events(1)
    told = as_kantara(ConsentEvent(**event), TEXT, ISSUER, signer_of(RING))
    assert (told["version"], told["consentReceiptID"]) == ("KI-CR-v1.1.0", str(event["id"]))
    assert told["services"][0]["purposes"][0]["purpose"] == "marketing"


async def _give(session, contact_id, now, **changes):
    fact = ConsentFact(
        **{
            "event": "given",
            "principal_ref": contact_id,
            "purpose": "marketing",
            "channel": "email",
            "controller": "Northwind",
            "language": "de",
            "method": "chat_choice",
            "actor": "subject",
            "effective_at": now,
            "notice_text": TEXT,
            "jurisdiction": "DE",
            **changes,
        }
    )
    return await record_consent_event(session, fact, now)


async def test_what_an_old_key_signed_verifies_after_that_root_key_is_gone(database, keys, now) -> None:
    contact_id = new_id()
    rotated = KeyRing("k2", {"k1": keys.roots["k1"], "k2": b"\x07" * 32}, keys.index_root)
    alone = KeyRing("k2", {"k2": b"\x07" * 32}, keys.index_root)
    async with transaction(database.sessions) as session:
        await _give(session, contact_id, now)
        head = await sign_head(session, LEDGER, keys, now)
        (old,) = await list_receipts(session, contact_id, ISSUER, signer_of(keys))
        await sign_head(session, LEDGER, rotated, now)
        public_keys = await keep_public_keys(session, alone, now)
        data = b"".join([line async for line in export_ledger(session, alone, now)])
        (new,) = await list_receipts(session, contact_id, ISSUER, signer_of(alone))
    trusted_keys = read_keys(json.loads(json.dumps(jwks_of(public_keys))))
    report = verify_export(data, trusted_keys, [head.jws])
    assert report.findings == []
    assert report.signed_by == {signer_of(keys).key_id, signer_of(rotated).key_id}
    for receipt in (old, new):
        assert verify_receipt(receipt, trusted_keys, report).findings == []
    other = verify_receipt(_receipt(), trusted() | trusted_keys, report)
    assert ["does not stand in this ledger" in one.what for one in other.findings] == [True]


@pytest.fixture
async def site(database, keys):
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(routes(LedgerPages(database.sessions, keys, SystemClock(), ISSUER)))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_keys_are_published_at_a_well_known_address(site, keys) -> None:
    answer = await site.get("/.well-known/jwks.json")
    assert (answer.status, answer.content_type) == (200, "application/jwk-set+json")
    (key,) = (await answer.json(content_type=None))["keys"]
    assert key["kid"] == signer_of(keys).key_id
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}


async def test_a_person_fetches_a_receipt_by_its_link_and_checks_it(site, database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        event = await _give(session, new_id(), now)
    answer = await site.get(f"/consent/receipts/{issue_token(keys, event.id)}.jsonld")
    receipt = await answer.json(content_type=None)
    published = read_keys(await (await site.get("/.well-known/jwks.json")).json(content_type=None))
    assert verify_receipt(receipt, published).findings == []
    assert receipt["eventHash"] == event.hash
    again = await (await site.get(f"/consent/receipts/{issue_token(keys, event.id)}.jsonld")).json(content_type=None)
    assert canonical(again) == canonical(receipt)


async def test_a_link_that_is_not_ours_leads_nowhere(site, keys) -> None:
    assert (await site.get("/consent/receipts/abc.jsonld")).status == 404
    assert (await site.get(f"/consent/receipts/{issue_token(keys, new_id())}.jsonld")).status == 404
