"""Proofs as files for people: HTML to print, CSV to fill into a form, one archive for an auditor. Asks no database."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from admin.proofs.shapes import CarrierProof, MessageProof, OptIn, PersonProof, ProvenConsent
from base.spreadsheets import guard_formula

VERIFIER = Path(__file__).resolve().parents[2] / "crm" / "consent" / "verify_ledger.py"
HOW_TO_CHECK = """\
What is in here
  ledger.jsonl       the consent ledger, every event and every text that was shown, signed
  jwks.json          the public keys; compare them with those at the site's /.well-known/jwks.json
  heads/             how long the ledger was, night by night, signed
  verify_ledger.py   checks all of it; needs Python 3.10 or newer and the package `cryptography`, nothing of Parley

How to check it
  python verify_ledger.py ledger.jsonl --keys jwks.json $(for f in heads/*.json; do echo --head $f; done)

It says `intact`, or names each line that is not as it was written. A head that you kept yourself from before counts
more than those in here: name it with --head.
"""
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;"
    "vertical-align:top}blockquote{margin:.5rem 0;padding:.2rem 1rem;border-left:4px solid #999;white-space:pre-wrap}"
)


def carrier_html(proof: CarrierProof) -> str:
    """The opt-in evidence as a page."""
    texts = "".join(
        f"<h3>{one.opt_ins} opt-ins, {one.first_at:%Y-%m-%d} to {one.last_at:%Y-%m-%d} ({escape(one.language)})</h3>"
        f"<blockquote>{escape(one.text)}</blockquote>"
        for one in proof.texts
    )
    counted = f"{proof.opted_in} people opted in, {proof.opted_out} opted out."
    head = f"Opt-in evidence: {proof.purpose} by {proof.channel}"
    table = _table(
        ("time (UTC)", "method", "where", "page", "language", "text", "record", "hash"),
        [_opt_in_cells(one) for one in proof.opt_ins],
    )
    return _page(head, f"<p>{escape(proof.company)}. {counted}</p><h2>Texts</h2>{texts}<h2>Latest opt-ins</h2>{table}")


def carrier_csv(proof: CarrierProof) -> str:
    """The sample of opt-ins as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("time_utc", "method", "where", "url", "language", "text", "event_id", "hash"))
    for one in proof.opt_ins:
        writer.writerow([guard_formula(cell) for cell in _opt_in_cells(one)])
    return out.getvalue()


def message_html(proof: MessageProof) -> str:
    """Why a message was sent, as a page."""
    message = proof.message
    facts = _facts(
        {
            "Channel": message.channel,
            "Purpose": message.purpose,
            "State": message.state,
            "Planned": message.created_at.isoformat(),
            "Sent": message.claimed_at.isoformat() if message.claimed_at else "not sent",
            "Why not": message.reason or "",
            "Consent then": proof.standing,
            "Given by record": str(proof.basis or ""),
        }
    )
    decisions = _table(
        ("stage", "answer", "rule", "reason", "data", "time"),
        [
            (one.stage, one.answer, one.rule, one.reason, one.pack_version, one.decided_at.isoformat())
            for one in proof.decisions
        ],
    )
    happened = _table(("what", "time"), [(one.kind, one.at.isoformat()) for one in proof.happened])
    talk = _table(("who", "said", "time"), [(one.author, one.text, one.at.isoformat()) for one in proof.talk])
    return _page(
        f"Why message {message.id} was sent" if message.claimed_at else f"Why message {message.id} was not sent",
        f"{facts}<blockquote>{escape(message.text)}</blockquote><h2>The gate's answers</h2>{decisions}"
        f"<h2>Consent</h2>{_consent_html(proof.consent)}<h2>What became of it</h2>{happened}<h2>The talk</h2>{talk}",
    )


def person_html(proof: PersonProof) -> str:
    """Everything about a person's consent, as a page."""
    messages = _table(
        ("channel", "purpose", "state", "why", "planned", "sent"),
        [
            (
                one.message.channel,
                one.message.purpose,
                one.message.state,
                one.message.reason or "",
                one.message.created_at.isoformat(),
                one.message.claimed_at.isoformat() if one.message.claimed_at else "",
            )
            for one in proof.messages
        ],
    )
    stopped = _table(("channel", "reason"), [(one.channel, one.reason) for one in proof.stopped])
    return _page(
        f"Consent of {proof.contact_id}",
        f"<h2>Now</h2>{_facts(proof.standing)}<h2>Stopped</h2>{stopped}<h2>The ledger</h2>"
        f"{_consent_html(proof.consent)}<h2>Messages</h2>{messages}",
    )


def _consent_html(consent: Sequence[ProvenConsent]) -> str:
    return "".join(
        f"<h3>{escape(one.event)}: {escape(one.purpose)} by {escape(one.channel)}</h3>"
        + (f"<blockquote>{escape(one.text)}</blockquote>" if one.text else "")
        + _facts(
            {
                "When": one.effective_at.isoformat(),
                "How": one.method,
                "By": one.actor,
                "To": one.controller,
                "Record": str(one.id),
                "Hash": one.hash,
            }
        )
        for one in consent
    )


def _opt_in_cells(one: OptIn) -> tuple[str, ...]:
    at = one.at.isoformat(timespec="seconds")
    return (at, one.method, one.where or "", one.url or "", one.language, one.text or "", str(one.event_id), one.hash)


def _facts(facts: Mapping[str, str]) -> str:
    rows = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items() if value)
    return f"<table>{''.join(rows)}</table>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )
