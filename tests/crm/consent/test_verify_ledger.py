"""The verifier that runs without Parley: it finds every change, and it finds nothing where there is none."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from base.encryption import KeyRing
from crm.consent import verify_ledger
from crm.consent.signing import jwks_of, signer_of
from crm.consent.verify_ledger import Unverifiable, canonical, from_base64url, to_base64url, verify_export
from tests.crm.consent.ledgers import RING, head_of, lines_of, make_events, sealed, trusted

_EXPORT = sealed(lines_of(make_events(5)))
_STRANGER = signer_of(KeyRing("k1", {"k1": b"\x09" * 32}, b"\x02" * 32))

_texts = st.text(st.characters(codec="utf-8"))
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


@given(_json)
def test_the_canonical_form_is_the_one_of_the_library_for_rfc_8785(value) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.binary(max_size=80))
def test_base64url_is_read_only_in_the_one_way_it_is_written(data) -> None:
    text = to_base64url(data)
    assert from_base64url(text) == data
    for other in (text + "=", text + "A", text[:-1] + chr(ord(text[-1]) ^ 1) if text else "+"):
        if other != text:
            with contextlib.suppress(Unverifiable):
                assert from_base64url(other) != data


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_an_export_as_it_was_written_is_intact(count, version) -> None:
    events = make_events(count, version=version)
    report = verify_export(sealed(lines_of(events)), trusted(), [head_of(events), head_of(events[: count // 2])])
    assert report.findings == []
    assert (report.events, report.signed_by) == (count, {signer_of(RING).key_id})


@given(st.integers(0, len(_EXPORT) - 1), st.integers(1, 255))
def test_any_byte_that_is_changed_is_found(place, change) -> None:
    changed = bytearray(_EXPORT)
    changed[place] ^= change
    assert not verify_export(bytes(changed), trusted()).is_intact
    # Also by the keys that the file names itself.
    assert not verify_export(bytes(changed)).is_intact


@given(st.integers(0, len(_EXPORT) - 1), st.integers(1, 40))
def test_any_bytes_that_are_taken_out_are_found(place, length) -> None:
    assert not verify_export(_EXPORT[:place] + _EXPORT[place + length :], trusted()).is_intact


@given(st.integers(0, len(_EXPORT)), st.binary(min_size=1, max_size=20))
def test_any_bytes_that_are_put_in_are_found(place, more) -> None:
    assert not verify_export(_EXPORT[:place] + more + _EXPORT[place:], trusted()).is_intact


def _where_events_stand(lines: list[dict]) -> list[int]:
    return [place for place, line in enumerate(lines) if line["kind"] == "event"]


@given(st.data())
def test_a_chain_that_was_tampered_with_is_found_even_when_the_file_is_signed_anew(data) -> None:
    """Who has the key can sign a file, but not make another chain fit a head that somebody kept."""
    events = make_events(6)
    lines = lines_of(events)
    places = _where_events_stand(lines)
    place = data.draw(st.sampled_from(places))
    how = data.draw(st.sampled_from(["remove", "swap", "double", "change", "cut"]))
    if how == "remove":
        del lines[place]
    elif how == "swap":
        other = data.draw(st.sampled_from([one for one in places if one != place]))
        lines[place], lines[other] = lines[other], lines[place]
    elif how == "double":
        lines.insert(place, dict(lines[place]))
    elif how == "change":
        name = data.draw(st.sampled_from(sorted(set(lines[place]) - {"kind"})))
        lines[place] = lines[place] | {name: "something else"}
    else:
        del lines[place : places[-1] + 1]
    report = verify_export(sealed(lines), trusted())
    assert not report.is_intact


def test_a_ledger_that_was_written_anew_from_the_start_is_found_by_a_head_that_was_kept() -> None:
    kept = head_of(make_events(4))
    lines = [line for line in lines_of(make_events(3, version=1)) if line["kind"] != "head"]
    assert verify_export(sealed(lines), trusted()).is_intact
    found = verify_export(sealed(lines), trusted(), [kept]).findings
    assert ["cut off" in one.what for one in found] == [True]
    longer = [line for line in lines_of(make_events(5, version=1)) if line["kind"] != "head"]
    found = verify_export(sealed(longer), trusted(), [kept]).findings
    assert ["another ledger's" in one.what for one in found] == [True]


def test_a_strangers_signature_is_found() -> None:
    lines = lines_of(make_events(3))
    assert not verify_export(sealed(lines, _STRANGER), trusted()).is_intact
    events = make_events(3)
    lines[-1] = {"kind": "head", "jws": head_of(events, _STRANGER)}
    assert not verify_export(sealed(lines), trusted()).is_intact


def test_a_head_is_not_taken_for_the_signature_of_a_file() -> None:
    events = make_events(3)
    body = b"".join(canonical(line) + b"\n" for line in lines_of(events))
    swapped = body + canonical({"kind": "end", "jws": head_of(events)}) + b"\n"
    assert ["another kind" in one.what for one in verify_export(swapped, trusted()).findings] == [True]


def test_a_text_that_was_shown_and_is_missing_or_changed_is_found() -> None:
    lines = lines_of(make_events(2))
    without = [line for line in lines if line["kind"] != "notice"]
    assert ["is missing" in one.what for one in verify_export(sealed(without), trusted()).findings] == [True]
    changed = [line | {"text": "Yes to everything"} if line["kind"] == "notice" else line for line in lines]
    assert ["was changed" in one.what for one in verify_export(sealed(changed), trusted()).findings] == [True]


@pytest.fixture
def run(tmp_path):
    """Runs the one file far from the checkout, with nothing of ours to import."""
    program = tmp_path / "verify_ledger.py"
    program.write_bytes(Path(verify_ledger.__file__).read_bytes())

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(program), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return command


def test_the_one_file_runs_alone_and_says_what_it_found(run, tmp_path) -> None:
    signer = signer_of(RING)
    (tmp_path / "jwks.json").write_text(json.dumps(jwks_of({signer.key_id: to_base64url(signer.public_key)})))
    (tmp_path / "ledger.jsonl").write_bytes(_EXPORT)
    (tmp_path / "head.json").write_text(json.dumps({"jws": head_of(make_events(6))}))
    good = run("ledger.jsonl", "--keys", "jwks.json")
    assert (good.returncode, good.stderr) == (0, "")
    assert "ledger.jsonl: intact, 5 events" in good.stdout
    cut = run("ledger.jsonl", "--keys", "jwks.json", "--head", "head.json")
    assert cut.returncode == 1
    assert "The ledger was cut off: by the signed head 1 of 6 events are missing" in cut.stdout
    (tmp_path / "ledger.jsonl").write_bytes(_EXPORT.replace(b"withdrawn", b"confirmed", 1))
    bad = run("ledger.jsonl", "--keys", "jwks.json")
    assert bad.returncode == 1
    assert "ledger.jsonl:4: The event was changed after it was written." in bad.stdout
    assert run("missing.jsonl").returncode == 2


def test_without_keys_the_one_file_says_which_key_to_compare(run, tmp_path) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(_EXPORT)
    told = run("ledger.jsonl")
    assert told.returncode == 0
    assert "No --keys given" in told.stdout
    assert signer_of(RING).key_id in told.stdout


def test_the_one_file_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    names = set()
    for line in Path(verify_ledger.__file__).read_text().splitlines():
        if line.startswith(("import ", "from ")):
            names.add(line.split()[1].split(".")[0])
    assert names - set(sys.stdlib_module_names) == {"cryptography"}
