"""The endpoints of proofs. All of them only read."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.proofs.queries import prove_message, prove_opt_ins, prove_person
from admin.proofs.shapes import CarrierProof, CarrierQuery, ConsentReceipts, LedgerHead, MessageProof, PersonProof
from admin.snapshot import snapshot
from base.errors import NotFound
from crm.consent.export import LEDGER
from crm.consent.heads import find_last_head
from crm.consent.receipts import Issuer, list_receipts
from crm.consent.signing import signer_of


@endpoint(
    "GET",
    "/api/v1/messages/{id}/proof",
    permission="contacts.read",
    summary="Why a message was sent, or not: the gate's answers, the consent, the talk",
)
async def get_message_proof(call: Call) -> MessageProof:
    async with snapshot(call.context.sessions) as session:
        return await prove_message(session, call.ids["id"], _issuer(call), signer_of(call.context.keys))


@endpoint(
    "GET",
    "/api/v1/leads/{id}/proof",
    permission="contacts.read",
    summary="Everything about a person's consent, and what was sent to them",
)
async def get_person_proof(call: Call) -> PersonProof:
    now = call.context.clock.now()
    async with snapshot(call.context.sessions) as session:
        return await prove_person(session, call.ids["id"], _issuer(call), signer_of(call.context.keys), now)


@endpoint(
    "GET",
    "/api/v1/leads/{id}/consent-receipts",
    permission="contacts.read",
    summary="A person's consent receipts: signed JSON-LD, one for each event of the ledger",
)
async def list_consent_receipts(call: Call) -> ConsentReceipts:
    async with snapshot(call.context.sessions) as session:
        receipts = await list_receipts(session, call.ids["id"], _issuer(call), signer_of(call.context.keys))
    if not receipts:
        raise NotFound("The ledger holds nothing of this person.")
    return ConsentReceipts(receipts=receipts)


@endpoint(
    "GET",
    "/api/v1/opt-in-evidence",
    permission="privacy.read",
    summary="Opt-in evidence for a carrier: the texts agreed to, and a sample of the latest opt-ins",
)
async def get_opt_in_evidence(call: Call, query: CarrierQuery) -> CarrierProof:
    async with snapshot(call.context.sessions) as session:
        return await prove_opt_ins(session, query, call.context.company_name)


@endpoint(
    "GET",
    "/api/v1/ledger/head",
    permission="privacy.read",
    summary="The head of the consent ledger that was signed last",
    problems={404: "No head was signed yet"},
)
async def get_ledger_head(call: Call) -> LedgerHead:
    async with call.context.sessions() as session:
        head = await find_last_head(session, LEDGER)
    if head is None:
        raise NotFound("No head was signed yet: that is done each night, or by `parley ledger head`.")
    return LedgerHead(length=head.length, head=head.head, signed_at=head.signed_at, key_id=head.key_id, jws=head.jws)


def _issuer(call: Call) -> Issuer:
    return Issuer(call.context.public_url, call.context.postal_address)


ENDPOINTS = (
    get_message_proof,
    get_person_proof,
    list_consent_receipts,
    get_opt_in_evidence,
    get_ledger_head,
)
