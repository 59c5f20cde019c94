"""How well contacts who are one person are found by name and address, on febrl's made-up people, and what it costs.

The people become contacts in a real PostgreSQL and are looked at as the worker does it; what stands in
`merge_candidates` then is compared with the truth. Beside it, on the same people: the same name and postal code; one
group (sound of last name and postal code) with one threshold. Dates of birth and social security numbers are not used.
Then newcomers are looked at among more and more contacts.

The weights were learned on dataset1 without its truth (`--learn` prints them); dataset2 was never learned from.
Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg
import yaml
from jellyfish import jaro_winkler_similarity, soundex
from sqlalchemy import insert, select

import server.web  # noqa: F401  # loads every room's tables
from base.database import Sessions, create_engine, create_sessions, libpq_url, transaction
from base.encryption import KeyRing
from base.ids import new_id
from benchmarks.database import started
from benchmarks.identity_learning import learn
from benchmarks.saving import add_saving, save
from crm.contacts.models import Contact
from crm.resolution.evidence import fold, read_evidence
from crm.resolution.finding import LARGEST_GROUP, look_at_due
from crm.resolution.keys import group_keys, stored_keys
from crm.resolution.models import DueLook, MergeCandidate
from crm.resolution.weighing import read_weights

RESULT = ROOT / "docs" / "benchmarks" / "identity.json"
TARGETS = {"dataset1": 0.977, "dataset2": 0.925}
FIELDS = {
    "given_name": "first_name",
    "surname": "last_name",
    "street_number": "street_number",
    "address_1": "street",
    "address_2": "street_2",
    "suburb": "city",
    "postcode": "postal_code",
    "state": "state",
}
"""Columns that are used, and the contact's fields they become."""
RIVAL_ALIKE = 0.85
"""Mean Jaro-Winkler of all fields from which the rival takes two for one. Set by judgement."""
NEWCOMERS = 500
AMONG = (10_000, 100_000)

_KEYS = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32)
_FILL = """
INSERT INTO contacts (id, stage, fields, created_at, updated_at)
    SELECT gen_random_uuid(), 'lead', jsonb_build_object(
        'first_name', (ARRAY['Ann','Bela','Chloe','Dirk','Emil','Fay','Gus','Hal','Ida','Jo'])[1 + n %% 10]
            || chr(97 + n %% 26) || chr(97 + n / 26 %% 26),
        'last_name', chr(65 + n %% 26) || chr(97 + n / 7 %% 26) || chr(97 + n / 180 %% 26) || chr(97 + n / 4000 %% 26),
        'city', 'Town ' || n %% 900, 'postal_code', lpad((n * 7919 %% 90000)::text, 5, '0'),
        'street', (n %% 140 + 1) || ' ' || chr(65 + n / 3 %% 26) || chr(97 + n / 90 %% 26) || ' Street'), now(), now()
    FROM generate_series(1, %s::int) n
"""
_UNKEYED = """
SELECT c.id, c.fields FROM contacts c
WHERE NOT EXISTS (SELECT FROM contact_likeness_keys k WHERE k.contact_id = c.id)
"""

Pairs = set[tuple[int, int]]


@dataclass(frozen=True)
class People:
    """One data set: the people's fields, and which of them are one person."""

    fields: Sequence[Mapping[str, str]]
    truth: Pairs


def read_people(path: Path) -> People:
    """The records in the file's order; doubles share the number in their id."""
    with path.open(encoding="utf-8") as file:
        rows = [*csv.DictReader(file, skipinitialspace=True)]
    same: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        same[row["rec_id"].split("-")[1]].append(at)
    return People(
        [{ours: value for theirs, ours in FIELDS.items() if (value := row[theirs].strip())} for row in rows],
        {pair for group in same.values() for pair in itertools.combinations(group, 2)},
    )


def score(found: Iterable[tuple[int, int]], truth: Pairs) -> dict[str, float]:
    """Precision, recall and F1."""
    taken = set(found)
    right = len(taken & truth)
    precision, recall = right / max(len(taken), 1), right / len(truth)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def find_by_exact_match(people: People) -> Pairs:
    """The rival that most systems ship: the same folded first name, last name and postal code."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, told in enumerate(people.fields):
        if all(told.get(name) for name in ("first_name", "last_name", "postal_code")):
            groups[tuple(fold(told[name]) for name in ("first_name", "last_name", "postal_code"))].append(at)
    return {pair for group in groups.values() for pair in itertools.combinations(group, 2)}


def find_by_one_group(people: People) -> tuple[Pairs, int]:
    """The other rival: one group, the mean likeness of all fields, one threshold; with the pairs it compared."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, told in enumerate(people.fields):
        if told.get("last_name") and told.get("postal_code"):
            groups[soundex(fold(told["last_name"])), told["postal_code"]].append(at)
    pairs = {pair for group in groups.values() for pair in itertools.combinations(group, 2)}
    return {(a, b) for a, b in pairs if _mean(people.fields[a], people.fields[b]) >= RIVAL_ALIKE}, len(pairs)


def _mean(one: Mapping[str, str], other: Mapping[str, str]) -> float:
    both = one.keys() & other.keys()
    return sum(jaro_winkler_similarity(one[name], other[name]) for name in both) / max(len(both), 1)


async def find_ours(sessions: Sessions, people: People) -> tuple[Pairs, dict[str, float]]:
    """Stores the people as contacts, looks at all of them, reads the candidates."""
    now = datetime.now(UTC)
    ids = [new_id() for _ in people.fields]
    async with transaction(sessions) as session:
        await session.execute(
            insert(Contact),
            [
                {"id": id_, "stage": "lead", "fields": dict(told), "created_at": now, "updated_at": now}
                for id_, told in zip(ids, people.fields, strict=True)
            ],
        )
    figures = await look_at_all(sessions, ids)
    place = {id_: at for at, id_ in enumerate(ids)}
    async with sessions() as session:
        rows = await session.execute(select(MergeCandidate.first_id, MergeCandidate.second_id))
        found = {_sorted(place[one], place[other]) for one, other in rows}
    return found, figures


async def look_at_all(sessions: Sessions, due: Iterable[UUID]) -> dict[str, float]:
    """Looks at them, who have no address whose coming would have made them due."""
    async with transaction(sessions) as session:
        await session.execute(insert(DueLook), [{"contact_id": contact_id} for contact_id in due])
    began, contacts, compared = time.perf_counter(), 0, 0
    while True:
        async with transaction(sessions) as session:
            looked = await look_at_due(session, _KEYS, datetime.now(UTC))
        contacts, compared = contacts + len(looked.contacts), compared + looked.compared
        if not looked.due:
            break
    took = time.perf_counter() - began
    return {"compared": compared, "seconds": round(took, 2), "contacts_per_second": round(contacts / took)}


def fill(url: str, contacts: int) -> None:
    """Puts contacts there as if they had been looked at: with their keys, compared with nobody."""
    with psycopg.connect(libpq_url(url)) as admin:
        admin.execute(_FILL, (contacts,))
        there = admin.execute(_UNKEYED).fetchall()
        with admin.cursor().copy("COPY contact_likeness_keys (key, contact_id) FROM STDIN") as copy:
            for contact_id, fields in there:
                for key in stored_keys(_KEYS, read_evidence(fields)):
                    copy.write_row((key, contact_id))
        admin.execute("TRUNCATE contact_due_looks")
    with psycopg.connect(libpq_url(url), autocommit=True) as admin:
        admin.execute("VACUUM (ANALYZE) contacts, contact_likeness_keys")


async def measure_growth(sessions: Sessions, url: str, newcomers: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """What looking at some newcomers costs among more and more contacts."""
    told, there = [], 0
    for among in AMONG:
        fill(url, among - there)
        there = among
        now = datetime.now(UTC)
        rows: list[dict[str, Any]] = [
            {"id": new_id(), "stage": "lead", "fields": dict(fields), "created_at": now, "updated_at": now}
            for fields in newcomers[:NEWCOMERS]
        ]
        newcomers = newcomers[NEWCOMERS:]
        async with transaction(sessions) as session:
            await session.execute(insert(Contact), rows)
        figures = await look_at_all(sessions, [row["id"] for row in rows])
        each = figures["seconds"] / len(rows) * 1_000
        told.append({"among": among, "ms_each": round(each, 2), "compared_each": figures["compared"] / len(rows)})
    return told


async def measure(url: str, sets: Mapping[str, People]) -> dict[str, Any]:
    """All figures."""
    engine = create_engine(url, pool_size=2)
    sessions = create_sessions(engine)
    figures: dict[str, Any] = {}
    try:
        for name, people in sets.items():
            found, cost = await find_ours(sessions, people)
            exact, (grouped, compared) = find_by_exact_match(people), find_by_one_group(people)
            figures[name] = {
                "people": len(people.fields),
                "doubles": len(people.truth),
                "target_f1": TARGETS[name],
                "ours": {**score(found, people.truth), **cost},
                "same_name_and_postal_code": score(exact, people.truth),
                "one_group_one_threshold": {**score(grouped, people.truth), "compared": compared},
            }
            print(json.dumps({name: figures[name]}), file=sys.stderr, flush=True)
            with psycopg.connect(libpq_url(url), autocommit=True) as admin:
                admin.execute("TRUNCATE contacts, merge_candidates CASCADE")
        figures["growth"] = await measure_growth(sessions, url, sets["dataset2"].fields)
    finally:
        await engine.dispose()
    return figures


def _sorted(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def show_learned(people: People) -> str:
    """`learned` of weights.yml, from these people without their truth."""
    evidence = [read_evidence(told) for told in people.fields]
    groups: dict[int, list[int]] = defaultdict(list)
    for at, person in enumerate(evidence):
        for key in group_keys(_KEYS, person):
            groups[key].append(at)
    pairs = {
        pair for group in groups.values() if len(group) <= LARGEST_GROUP for pair in itertools.combinations(group, 2)
    }
    return str(yaml.safe_dump({"learned": learn(evidence, sorted(pairs), [*read_weights().learned])}, sort_keys=False))


def main() -> None:
    """Runs the benchmark, prints the figures, keeps them with --save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with febrl's dataset1.csv and dataset2.csv")
    parser.add_argument("--learn", action="store_true", help="print what dataset1 teaches, and measure nothing")
    add_saving(parser, RESULT)
    options = parser.parse_args()
    sets = {name: read_people(options.data / f"{name}.csv") for name in TARGETS}
    if options.learn:
        print(show_learned(sets["dataset1"]))
        return
    with started("identity") as database:
        figures = asyncio.run(measure(database.url, sets))
    print(json.dumps(figures, indent=1))
    save(RESULT, options, **figures)


if __name__ == "__main__":
    main()
