"""How many texts a second one web process takes in: signed webhooks to a real web process with a real PostgreSQL.

The webhooks are those of many people texting one number, each signed for the site's address beforehand. They are sent
at a fixed rate, whatever becomes of those before (but one person's next only after their last was acknowledged), and
each acknowledgement is measured from when its webhook was due. Some are told twice, as Twilio does. Then it is looked
up in the database what became of them: none lost, none twice, each talk in its order, each text answered.

The dialogue is a scripted server in a process of its own, so that what is measured is intake and turns, not Rasa.
Nothing is sent out: no worker runs. Client, web process, dialogue and PostgreSQL share the machine's cores.

Everything runs on 127.0.0.1, in a bounded number of messages, and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import aiohttp
import psutil
import psycopg
import uvloop
from aiohttp import web
from pydantic import SecretStr

from base.database import create_engine, create_sessions, libpq_url, transaction
from base.encryption import create_key_file, read_key_file
from base.migrate import migrate
from base.postgres import start_embedded
from benchmarks.saving import add_saving, save
from benchmarks.turns import OUR_TEXTS, free_port, stopping, wait_for
from bot.publishing.models import Publication
from channels.sms.simulator.calling import sign
from channels.sms.simulator.state import new_sid
from channels.sms.webhook import inbound_url
from outreach.accounts.service import save_account

RESULT = ROOT / "docs" / "benchmarks" / "inbound.json"
SID, TOKEN, OURS = "AC" + "0" * 32, "token-of-the-benchmark", "+14155550100"
SECRET = "a-secret-of-the-benchmark-0123456789"
TOLD_TWICE = 0.05
MOST_MESSAGES = 60_000
DRAIN_WITHIN = 900.0  # seconds
TARGET_MS = 1000.0


@dataclass
class Figures:
    """What came of one rate. Times in milliseconds, from when a webhook was due to its acknowledgement."""

    asked_per_second: float
    seconds: float
    people: int
    messages: int
    told_twice: int
    acknowledged_per_second: float
    ack_p50_ms: float
    ack_p95_ms: float
    ack_p99_ms: float
    ack_max_ms: float
    refused: int
    lost: int
    kept_twice: int
    out_of_order: int
    unanswered: int
    turns_per_second_after: float
    drain_seconds: float
    web_cpu: float
    postgres_cpu: float
    client_cpu: float
    load_before: list[float] = field(default_factory=list)

    @property
    def is_kept_up(self) -> bool:
        """Whether the process took what it was asked to take, in time and whole."""
        whole = not (self.refused or self.lost or self.kept_twice or self.out_of_order or self.unanswered)
        return whole and self.ack_p99_ms < TARGET_MS


# The dialogue, in a process of its own


def serve_dialogue(port: int) -> None:
    """Answers each turn with an echo; takes what is pushed."""

    async def turn(request: web.Request) -> web.Response:
        body = await request.json()
        answer = {"state": {"v": 2}, "replies": [{"text": f"echo {body['message']['text']}"}], "effects": [],
                  "need": None, "timer": None, "debounce": 0}  # fmt: skip
        return web.json_response(answer)

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=204)

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "flows": [], "models": [], "state_version": 2})

    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/webhooks/turn/", turn)
    app.router.add_get("/webhooks/turn/health", health)
    app.router.add_put("/webhooks/turn/{kind}/{name}", take)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


# The site


@dataclass
class Site:
    """A running web process and what it stands on."""

    url: str
    database_url: str
    account: str
    processes: dict[str, psutil.Process]

    def query(self, statement: str) -> list[Any]:
        """Rows straight from the database."""
        with psycopg.connect(libpq_url(self.database_url), autocommit=True) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU that each of the processes has used."""
        used: dict[str, float] = {}
        for name, process in self.processes.items():
            every = [process, *(process.children(recursive=True) if name == "postgres" else [])]
            used[name] = sum(_cpu_of(one) for one in every)
        return used


def _cpu_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


@contextlib.contextmanager
def running_site() -> Iterator[Site]:
    """PostgreSQL with its usual settings, a scripted dialogue, `parley web`."""
    with tempfile.TemporaryDirectory(prefix="parley-inbound-") as folder, contextlib.ExitStack() as stack:
        postgres = start_embedded(Path(folder) / "postgres")
        stack.callback(postgres.stop)
        migrate(postgres.url)
        create_key_file(Path(folder) / "keys" / "root.json")
        account = asyncio.run(prepare(postgres.url, Path(folder)))
        dialogue_port = free_port()
        dialogue = subprocess.Popen([sys.executable, __file__, "--dialogue", str(dialogue_port)])
        stack.enter_context(stopping(dialogue))
        asyncio.run(wait_for(f"http://127.0.0.1:{dialogue_port}/webhooks/turn/health", 60))
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")},
            "DATABASE_URL": postgres.url,
            "PARLEY_DATA_DIR": folder,
            "PARLEY_PORT": str(port),
            "PARLEY_PUBLIC_URL": url,
            "PARLEY_RASA_URLS": f"http://127.0.0.1:{dialogue_port}",
            "PARLEY_RASA_SECRET": SECRET,
        }
        log = stack.enter_context((Path(folder) / "web.log").open("w"))
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "web"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        stack.enter_context(stopping(process))
        asyncio.run(wait_for(f"{url}/readyz", 60))
        (serving,) = psutil.Process(process.pid).children()
        found = {"web": serving, "client": psutil.Process(), "postgres": _postgres(Path(folder))}
        yield Site(url, postgres.url, account, found)


def _postgres(folder: Path) -> psutil.Process:
    pid = (folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]
    return psutil.Process(int(pid))


async def prepare(database_url: str, folder: Path) -> str:
    """Something published, and an account to text; returns its id."""
    engine = create_engine(database_url)
    keys, now = read_key_file(folder / "keys" / "root.json"), datetime.now(UTC)
    async with transaction(create_sessions(engine)) as session:
        session.add(
            Publication(
                flows_version="0" * 12, contents={}, model_id="0" * 64,
                compiled={"version": "0" * 12, "default_language": "en", "wording": {}},
                author="benchmark", report={}, published_at=now,
            )
        )  # fmt: skip
        account = await save_account(
            session, keys, channel="sms", name="main", address=OURS,
            settings={"account_sid": SID, "us_registration": "non-US"},
            secrets={"auth_token": SecretStr(TOKEN).get_secret_value()}, now=now,
        )  # fmt: skip
    await engine.dispose()
    return str(account)


# The load


@dataclass(frozen=True)
class Webhook:
    """One text, ready to be posted."""

    due: float
    body: bytes
    signature: str
    twice: bool


def write_webhooks(site: Site, *, rate: float, seconds: float, people: int, first: int) -> list[list[Webhook]]:
    """Each person's texts, signed, in their order; all together so many a second."""
    address = inbound_url(site.url, site.account)  # type: ignore[arg-type]
    chance = random.Random(first)
    lanes: list[list[Webhook]] = [[] for _ in range(people)]
    for number in range(int(rate * seconds)):
        person = number % people
        sid = new_sid("SM")
        form = {
            "ToCountry": "US", "ToState": "CA", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "FromZip": "94105",
            "SmsSid": sid, "FromState": "CA", "SmsStatus": "received", "FromCity": "SAN FRANCISCO",
            "Body": f"{chance.choice(OUR_TEXTS)} #{len(lanes[person])}/{first + person}", "FromCountry": "US",
            "To": OURS, "ToZip": "",
            "NumSegments": "1", "MessageSid": sid, "AccountSid": SID, "From": f"+1212{2000000 + first + person}",
            "ApiVersion": "2010-04-01",
        }  # fmt: skip
        body = bytes(aiohttp.FormData(form)()._value)  # type: ignore[union-attr]
        lanes[person].append(Webhook(number / rate, body, sign(TOKEN, address, form), chance.random() < TOLD_TWICE))
    return lanes


async def send(site: Site, lanes: list[list[Webhook]]) -> tuple[list[float], int, float]:
    """Posts all of it at its time; latencies in seconds, how many were refused, and how long it took."""
    address = inbound_url(site.url, site.account)  # type: ignore[arg-type]
    latencies: list[float] = []
    refused = 0
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        begun = time.perf_counter() + 0.5

        async def post(webhook: Webhook) -> bool:
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": webhook.signature,
                "I-Twilio-Idempotency-Token": webhook.signature,
            }
            try:
                async with session.post(address, data=webhook.body, headers=headers) as answer:
                    await answer.read()
                    return answer.status == 200
            except (aiohttp.ClientError, TimeoutError):
                return False

        async def lane(webhooks: list[Webhook]) -> None:
            nonlocal refused
            for webhook in webhooks:
                await asyncio.sleep(max(begun + webhook.due - time.perf_counter(), 0))
                taken = await post(webhook)
                latencies.append(time.perf_counter() - begun - webhook.due)
                refused += not taken
                if webhook.twice:
                    refused += not await post(webhook)

        await asyncio.gather(*(lane(one) for one in lanes))
        return latencies, refused, time.perf_counter() - begun


def drain(site: Site) -> float:
    """Waits until every text is answered; returns how long that took."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < DRAIN_WITHIN:
        ((events, messages),) = site.query(
            "SELECT (SELECT count(*) FROM inbound_events WHERE state = 'pending'), "
            "(SELECT count(*) FROM messages WHERE turn_state = 'pending')"
        )
        if events == 0 and messages == 0:
            break
        time.sleep(0.5)
    return time.perf_counter() - begun


def measure(site: Site, *, rate: float, seconds: float, people: int, first: int) -> Figures:
    """One rate, from the first webhook to the last answer."""
    load = [round(one, 1) for one in os.getloadavg()]
    lanes = write_webhooks(site, rate=rate, seconds=seconds, people=people, first=first)
    before = site.cpu()
    latencies, refused, took = uvloop.run(send(site, lanes))
    after = site.cpu()
    kept_by_then = site.query("SELECT count(*) FROM inbound_events WHERE state = 'done'")[0][0]
    drained = drain(site)
    done = site.query("SELECT count(*) FROM inbound_events WHERE state = 'done'")[0][0]
    milliseconds = sorted(one * 1000 for one in latencies)
    cuts = statistics.quantiles(milliseconds, n=100)
    return Figures(
        asked_per_second=rate,
        seconds=seconds,
        people=people,
        messages=len(latencies),
        told_twice=sum(one.twice for lane in lanes for one in lane),
        acknowledged_per_second=round(len(latencies) / took, 1),
        ack_p50_ms=round(cuts[49], 1),
        ack_p95_ms=round(cuts[94], 1),
        ack_p99_ms=round(cuts[98], 1),
        ack_max_ms=round(milliseconds[-1], 1),
        refused=refused,
        **look_up(site, lanes, first),
        turns_per_second_after=round((done - kept_by_then) / max(drained, 0.001), 1),
        drain_seconds=round(drained, 1),
        **{f"{name}_cpu": round((after[name] - before[name]) / took, 2) for name in after},
        load_before=load,
    )


def look_up(site: Site, lanes: list[list[Webhook]], first: int) -> dict[str, int]:
    """What the database has of the texts that were told: lost, twice, in the wrong order, without an answer."""
    rows = site.query(
        "SELECT conversation_id, author, text FROM messages WHERE text <> '' ORDER BY conversation_id, seq"
    )
    told = {f"{number}/{first + person}" for person, lane in enumerate(lanes) for number in range(len(lane))}
    heard: list[str] = []
    talks: dict[tuple[Any, str], list[int]] = {}
    for conversation, author, text in rows:
        mark = text.rpartition("#")[2]
        if mark in told:
            if author == "visitor":
                heard.append(mark)
            talks.setdefault((conversation, author), []).append(int(mark.partition("/")[0]))
    answered = sum(len(numbers) for (_, author), numbers in talks.items() if author == "bot")
    return {
        "lost": len(told - set(heard)),
        "kept_twice": len(heard) - len(set(heard)),
        "out_of_order": sum(numbers != sorted(numbers) for numbers in talks.values()),
        "unanswered": len(told) - answered,
    }


# The run


def run(options: argparse.Namespace) -> list[Figures]:
    """The rate that was asked for, then rising ones until one is not kept up with."""
    figures: list[Figures] = []
    first = 0
    rates = [(options.rate, options.seconds), *((rate, options.ramp_seconds) for rate in options.ramp)]
    if sum(rate * seconds for rate, seconds in rates) > MOST_MESSAGES:
        sys.exit(f"That would be more than {MOST_MESSAGES:,} messages.")
    with running_site() as site:
        measure(site, rate=50, seconds=2, people=20, first=900_000)  # warm-up
        for rate, seconds in rates:
            figures.append(measure(site, rate=rate, seconds=seconds, people=options.people, first=first))
            print(describe(figures[-1]), flush=True)
            first += options.people
            if len(figures) > 1 and not figures[-1].is_kept_up:
                break
    return figures


def describe(row: Figures) -> str:
    """One line."""
    return (
        f"{row.asked_per_second:>6.0f}/s for {row.seconds:.0f} s: acknowledged {row.acknowledged_per_second}/s, "
        f"p50 {row.ack_p50_ms} ms, p99 {row.ack_p99_ms} ms, longest {row.ack_max_ms} ms; refused {row.refused}, "
        f"lost {row.lost}, twice {row.kept_twice}, out of order {row.out_of_order}, unanswered {row.unanswered}; "
        f"{row.turns_per_second_after} turns/s after the burst, all answered {row.drain_seconds} s after it; "
        f"CPU web {row.web_cpu}, PostgreSQL {row.postgres_cpu}, client {row.client_cpu}; "
        f"load before {row.load_before[0]}"
    )


def main() -> None:
    """Runs the benchmark, prints the figures, keeps them with --save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=1000, help="webhooks a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--people", type=int, default=400, help="how many text at the same time")
    parser.add_argument("--ramp", type=float, nargs="*", default=[], help="further rates, each for --ramp-seconds")
    parser.add_argument("--ramp-seconds", type=float, default=4)
    parser.add_argument("--dialogue", type=int, help=argparse.SUPPRESS)
    add_saving(parser, RESULT)
    options = parser.parse_args()
    if options.dialogue:
        serve_dialogue(options.dialogue)
        return
    figures = run(options)
    told = [asdict(row) for row in figures]
    save(RESULT, options, dialogue="a scripted echo in a process of its own", figures=told)


if __name__ == "__main__":
    main()
