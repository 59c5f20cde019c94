"""The dashboard and the alert rules ask only for what `/metrics` shows, and each alert has its runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from base import metrics
from base.clock import SystemClock
from base.database import libpq_url
from base.metrics import REGISTRY
from server.cli import parley
from server.metrics.process import _ASKED, ProcessFigures
from server.metrics.tables import FIGURES, TableFigures, look
from server.settings import ROOT, Settings
from tests.conftest import Database
from tests.observability.exposition import labels_in, names_in, names_shown

FOLDER = ROOT / "deploy" / "observability"
RUNBOOKS = ROOT / "docs" / "runbooks"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana.json").read_text())
SECTIONS = ["What it means", "How to see", "What to do"]
METRICS = (Counter, Gauge, Histogram)
OF_PROMETHEUS = {"up"}


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


@pytest.fixture
async def shown(database: Database, tmp_path: Path) -> str:
    """Everything that a web process and a worker show together."""
    import psycopg

    registry, tables = CollectorRegistry(), TableFigures()
    async with await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True) as connection:
        tables.keep(await look(connection, SystemClock()))
    registry.register(tables)
    registry.register(ProcessFigures("web", database.engine, tmp_path))
    ProcessCollector(registry=registry)
    return generate_latest(REGISTRY).decode() + generate_latest(registry).decode()


def test_there_are_rules_and_panels_to_look_at() -> None:
    assert len(RULES) > 20
    assert sum("targets" in panel for panel in DASHBOARD["panels"]) > 30


async def test_every_expression_asks_only_for_metrics_that_are_shown(shown: str) -> None:
    known = names_shown(shown) | OF_PROMETHEUS
    asked = {(where, name) for where, text in expressions() for name in names_in(text) if "_" in name or name == "up"}
    assert len(asked) > 80
    assert {(where, name) for where, name in asked if name not in known} == set()


async def test_runbooks_name_only_figures_that_are_shown(shown: str) -> None:
    known = names_shown(shown) | families_of(names_shown(shown)) | OF_PROMETHEUS
    named = {
        (path.name, name)
        for path in [*RUNBOOKS.glob("*.md"), ROOT / "docs" / "howto" / "observing.md"]
        for code in re.findall(r"`([^`\n]*(?:parley|process)_[^`\n]*)`", path.read_text())
        for name in names_in(code)
        if name.startswith(("parley_", "process_")) and name != "process_ended"
    }
    assert len(named) > 60
    assert {(where, name) for where, name in named if name not in known} == set()


def families_of(names: set[str]) -> set[str]:
    """The names without what counters and histograms add to them."""
    return {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in names}


async def test_every_metric_of_ours_is_shown_on_the_dashboard(shown: str) -> None:
    asked = {
        name for panel in DASHBOARD["panels"] for one in panel.get("targets", ()) for name in names_in(one["expr"])
    }
    ours = {name for name in families_of(names_shown(shown)) if name.startswith("parley_")}
    assert ours - families_of(asked) == set()


def test_every_label_that_is_asked_for_is_one_of_its_metric() -> None:
    labels = {metric._name: set(metric._labelnames) for metric in vars(metrics).values() if isinstance(metric, METRICS)}
    names = {re.sub(r"^parley_", "", name): told.label for name, told in FIGURES.items()}
    wrong = set()
    for where, text in expressions():
        for name, label, _ in labels_in(text):
            family = re.sub(r"_(bucket|sum|count|total)$", "", name)
            own = labels.get(family, {names.get(family.removeprefix("parley_"))}) | {"job", "instance", "le"}
            if label not in own:
                wrong.add((where, name, label))
    assert wrong == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_names_a_runbook_with_its_sections(rule: dict[str, Any]) -> None:
    runbook = ROOT / rule["annotations"]["runbook_url"]
    text = runbook.read_text()
    assert text.startswith(f"# {rule['alert']}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert all(len(body.strip()) > 40 for body in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:])
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]


def test_a_share_of_few_wakes_nobody() -> None:
    shares = [rule for rule in RULES if re.search(r"\brate\(.*\)\)?\s*/", rule["expr"])]
    assert len(shares) >= 5
    assert [rule["alert"] for rule in shares if "increase(" not in rule["expr"]] == []


@pytest.mark.parametrize(("alert", "of_many"), [("ParleyDialogueAway", max), ("ParleyDialogueReplicaAway", min)])
def test_a_dialogue_process_counts_as_away_also_while_it_waits_for_its_trial(alert: str, of_many: Any) -> None:
    """Where few talk it waits for long."""
    (rule,) = [rule for rule in RULES if rule["alert"] == alert]
    form = re.fullmatch(r"(max|min) by \(\w+\) \(parley_dialogue_asked\) < ([\d.]+)", rule["expr"])
    assert form is not None
    assert form[1] == of_many.__name__
    assert {standing: asked < float(form[2]) for standing, asked in _ASKED.items()} == {
        "closed": False, "half_open": True, "open": True,
    }  # fmt: skip


def test_every_runbook_is_some_alerts() -> None:
    named = {Path(rule["annotations"]["runbook_url"]).name for rule in RULES}
    assert {path.name for path in RUNBOOKS.glob("*.md")} == named


def test_runbooks_name_commands_log_lines_and_settings_that_are_there() -> None:
    commands = _commands(parley)
    source = "\n".join(
        path.read_text()
        for room in ("base", "bot", "crm", "outreach", "channels", "admin", "server")
        for path in (ROOT / room).rglob("*.py")
    )
    settings = {f"PARLEY_{name.upper()}" for name in Settings.model_fields}
    wrong = []
    for runbook in sorted(RUNBOOKS.glob("*.md")):
        text = runbook.read_text()
        for command in re.findall(r"`\./parley ([a-z -]+)", text):
            words = command.split()
            if not any(" ".join(words[:count]) in commands for count in (1, 2)):
                wrong.append((runbook.name, command))
        wrong += [(runbook.name, name) for name in re.findall(r"PARLEY_[A-Z_]+", text) if name not in settings]
        for event in re.findall(r"(?:log|says|has|with)[^`\n]{0,20}`([a-z]+_[a-z_]+)`", text):
            if f'"{event}"' not in source:
                wrong.append((runbook.name, event))
    assert wrong == []


def _commands(group: click.Group, before: str = "") -> set[str]:
    found = set()
    for name, command in group.commands.items():
        found.add(f"{before}{name}")
        if isinstance(command, click.Group):
            found |= _commands(command, f"{before}{name} ")
    return found


def test_the_dashboard_is_one_that_grafana_reads() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    places: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        covered = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not covered & places, f"{panel['title']} covers another"
        places |= covered
        if panel["type"] != "row":
            assert panel["targets"]
            assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here (Debian: prometheus)")
@pytest.mark.parametrize("check", [("rules", "alerts.yml"), ("config", "prometheus.yml")], ids=lambda check: check[0])
def test_promtool_finds_nothing_wrong(check: tuple[str, str]) -> None:
    done = subprocess.run(
        ["promtool", "check", check[0], str(FOLDER / check[1])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (channel) (rate(parley_sends_total{outcome="refused"}[30m])) > 0.1', {"parley_sends_total"}),
        ("max(a_b) < 1 or absent(c_d)", {"a_b", "c_d"}),
        ("time() - max(x_y)", {"x_y"}),
    ],
)
def test_names_are_found_in_expressions(expression: str, names: set[str]) -> None:
    assert names_in(expression) == names
