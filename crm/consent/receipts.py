"""Receipts: what the ledger says of one event, for the person to keep (ISO/IEC TS 27560 with DPV terms, JSON-LD).

A receipt is made from the ledger whenever it is asked for and stored nowhere. It is signed, names its whole context
and so can be read and checked offline (`verify_ledger.py --receipt`). It holds ids and the text shown, no address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from crm.consent.chain import as_json
from crm.consent.ledger import list_consent_events
from crm.consent.models import ConsentEvent, ConsentNotice
from crm.consent.rules import ALL, MAIN_BRAND
from crm.consent.signing import Signer
from crm.consent.verify_ledger import RECEIPT_TYPE
from crm.consent.vocabulary import read_vocabulary

_SCHEMA = "https://w3id.org/dpv/schema/dpv-27560#"
_DPV = "https://w3id.org/dpv#"
_GDPR = "https://w3id.org/dpv/legal/eu/gdpr#"
_EUROPE = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO".split()  # noqa: SIM905
)
"""Where the GDPR holds (EU and EEA)."""
_STATUS = {
    "requested": "ConsentRequested",
    "given": "ConsentGiven",
    "confirmed": "ConsentGiven",
    "imported": "ConsentGiven",
    "refused": "ConsentRefused",
    "withdrawn": "ConsentWithdrawn",
    "expired": "ConsentExpired",
    "superseded": "ConsentInvalidated",
}
_BASIS = {"consent": "Consent", "legitimate_interest": "LegitimateInterest", "contract": "Contract"}
_IRI = {"@type": "@id"}
_TIME = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
CONTEXT: dict[str, Any] = {
    "dpv": _DPV,
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "loc": "https://w3id.org/dpv/loc#",
    "dct:conformsTo": _IRI,
    "dct:created": _TIME,
    "dpv:hasApplicableLaw": _IRI,
    "dpv:hasConsentStatus": _IRI,
    "dpv:hasJurisdiction": _IRI,
    "dpv:hasLegalBasis": _IRI,
    "dpv:hasPersonalData": _IRI,
    "dpv:hasPurpose": _IRI,
    "dpv:isIndicatedBy": _IRI,
    "dpv:isIndicatedAtTime": _TIME,
    "schema:recipient": _IRI,
    "schema:expires": _TIME,
    "eventHash": "urn:parley:eventHash",
    "jws": "https://w3id.org/security#jws",
}
"""Everything a reader of JSON-LD needs, so that it asks no server."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues: the site's address, and how the controller is reached."""

    site_url: str
    postal_address: str


def make_receipt(event: ConsentEvent, notice: str | None, issuer: Issuer, signer: Signer) -> dict[str, Any]:
    """The signed receipt of one event. The same event, issuer and key give the same bytes."""
    gdpr = event.jurisdiction is not None and event.jurisdiction[:2] in _EUROPE
    profile = "-eu-gdpr" if gdpr else ""
    controller = _controller(event, issuer)
    receipt = {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{event.id}#receipt",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": f"receipt-{event.id}",
        "dct:conformsTo": f"{_SCHEMA}receipt{profile}",
        "dct:created": as_json(event.recorded_at),
        "dct:publisher": controller,
        "schema:recipient": f"{_DPV}DataSubject",
        "eventHash": event.hash,
        "dpv:hasRecordOfActivity": _record(event, notice, controller, profile),
    }
    return receipt | {"jws": signer.sign_detached(receipt, RECEIPT_TYPE)}


async def get_receipt(session: AsyncSession, event_id: UUID, issuer: Issuer, signer: Signer) -> dict[str, Any]:
    """The receipt of an event.

    Raises:
        NotFound: there is no such event.
    """
    found = (
        await session.execute(
            select(ConsentEvent, ConsentNotice.text)
            .outerjoin(ConsentNotice, ConsentNotice.sha256 == ConsentEvent.notice_sha256)
            .where(ConsentEvent.id == event_id)
        )
    ).first()
    if found is None:
        raise NotFound("There is no such consent.")
    event, notice = found
    return make_receipt(event, notice, issuer, signer)


async def list_receipts(
    session: AsyncSession, contact_id: UUID, issuer: Issuer, signer: Signer
) -> list[dict[str, Any]]:
    """A receipt for each event of a person, oldest first."""
    events = await list_consent_events(session, contact_id)
    return [make_receipt(event, notice, issuer, signer) for event, notice in events]


def as_kantara(event: ConsentEvent, notice: str | None, issuer: Issuer, signer: Signer) -> dict[str, Any]:
    """The same under the names of Kantara's Consent Receipt 1.1, for older readers. Not signed."""
    return {
        "version": "KI-CR-v1.1.0",
        "jurisdiction": event.jurisdiction or "",
        "consentTimestamp": int(event.effective_at.timestamp()),
        "collectionMethod": event.method,
        "consentReceiptID": str(event.id),
        "publicKey": signer.key_id,
        "language": event.language,
        "piiPrincipalId": str(event.principal_ref),
        "piiControllers": [{"piiController": event.controller, "address": issuer.postal_address}],
        "policyUrl": issuer.site_url,
        "services": [
            {
                "service": event.brand or MAIN_BRAND,
                "purposes": [
                    {
                        "purpose": event.purpose,
                        "purposeCategory": event.purposes or [],
                        "consentType": "EXPLICIT",
                        "piiCategory": event.data_categories or [],
                        "primaryPurpose": False,
                        "termination": as_json(event.valid_until) or "when it is withdrawn",
                        "thirdPartyDisclosure": False,
                    }
                ],
            }
        ],
        "sensitive": event.purpose == "special_category",
        "spiCat": [],
        "noticeText": notice or "",
    }


def _controller(event: ConsentEvent, issuer: Issuer) -> dict[str, Any]:
    told = {"@type": "dpv:DataController", "schema:name": event.controller, "schema:url": issuer.site_url}
    return told | ({"schema:address": issuer.postal_address} if issuer.postal_address else {})


def _record(event: ConsentEvent, notice: str | None, controller: dict[str, Any], profile: str) -> dict[str, Any]:
    vocabulary = read_vocabulary()
    subject = f"urn:uuid:{event.principal_ref}"
    basis = [_DPV + _BASIS.get(event.lawful_basis, "LegalBasis")]
    record: dict[str, Any] = {
        "@id": f"urn:uuid:{event.id}",
        "@type": "dpv:ConsentRecord",
        "dct:identifier": str(event.id),
        "dct:conformsTo": f"{_SCHEMA}record{profile}",
        "dpv:hasDataSubject": {"@id": subject, "@type": "dpv:DataSubject"},
        "dpv:hasDataController": controller,
        "dpv:hasLegalBasis": basis + ([f"{_GDPR}A6-1-a"] if profile and event.lawful_basis == "consent" else []),
        "dpv:hasConsentStatus": _DPV + _STATUS[event.event],
        "dpv:isIndicatedBy": subject if event.actor == "subject" else f"{_DPV}DataController",
        "dpv:isIndicatedAtTime": as_json(event.effective_at),
        "dpv:hasIndicationMethod": event.method,
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "schema:name": event.purpose,
            "schema:availableChannel": event.channel,
            "schema:brand": event.brand or (MAIN_BRAND if event.event != "withdrawn" else ALL),
            "dpv:hasPurpose": event.purposes or vocabulary.iris_of(event.purpose),
            "dpv:hasPersonalData": event.data_categories or vocabulary.data_of(event.purpose, event.channel),
        },
    }
    if event.jurisdiction is not None:
        record["dpv:hasJurisdiction"] = [f"https://w3id.org/dpv/loc#{event.jurisdiction}"]
    if profile:
        record["dpv:hasApplicableLaw"] = f"{_GDPR}GDPR"
    if event.valid_until is not None:
        record["schema:expires"] = as_json(event.valid_until)
    if event.notice_sha256 is not None:
        record["dpv:hasNotice"] = {
            "@type": "dpv:ConsentNotice",
            "dct:identifier": event.notice_sha256,
            "dct:language": event.language,
            "dct:description": notice or "",
        }
    return record
