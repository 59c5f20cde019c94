"""The compose file: as the specification has it, and the dialogue gets nothing that it could tell."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from server.cli import parley
from server.settings import ROOT, Settings

FOLDER = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name in SERVICES if name != "postgres"]
DOCKERFILE = (FOLDER / "Dockerfile").read_text()


def test_it_is_what_the_specification_allows() -> None:
    read = PyCompose.from_json(json.dumps(COMPOSE))
    assert sorted(read.service_names()) == sorted(SERVICES)


def test_what_the_specification_does_not_allow_is_refused() -> None:
    for wrong in (
        {"restart": "sometimes"},
        {"imagee": "x"},
        {"ports": ["abc"]},
        {"network_mode": "host", "networks": []},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            PyCompose.from_json(json.dumps({"services": {"a": {"image": "x", **wrong}}}))


@pytest.mark.parametrize("name", OURS)
def test_each_of_ours_may_do_nothing_beyond_its_work(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_the_dialogue_is_told_its_secret_and_nothing_else() -> None:
    rasa = SERVICES["rasa"]
    assert rasa["secrets"] == ["rasa_secret", "rasa_model_keys"]
    assert not {"environment", "env_file", "volumes", "ports"} & set(rasa)


def test_processes_of_one_network_outlive_each_other() -> None:
    """Whoever is in the network of a container that is started again stays in a dead one."""
    assert {SERVICES[name]["network_mode"] for name in ("web", "worker", "rasa")} == {"service:net"}
    assert SERVICES["net"]["entrypoint"] == ["sleep", "infinity"], "nothing that could end"
    assert not {"depends_on", "command", "healthcheck", "network_mode"} & set(SERVICES["net"])


def test_only_the_network_of_the_web_process_is_reached_from_outside_and_only_by_a_proxy_of_this_machine() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"net"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["net"]["ports"])
    assert not {"secrets", "environment", "env_file", "volumes"} & set(SERVICES["net"])
    assert COMPOSE["networks"]["inner"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == ["inner"]


def test_what_is_waited_for_secret_or_named_is_there() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])


@pytest.mark.parametrize("name", [one for one in OURS if one not in ("net", "rasa")])
def test_commands_and_settings_are_ours(name: str) -> None:
    given = SERVICES[name]
    command = (
        given["command"][0] if "command" in given else re.findall(r"parley/parley (\w+)", given["entrypoint"][2])[0]
    )
    assert command in parley.commands
    known = {"DATABASE_URL", *(f"PARLEY_{field.upper()}" for field in Settings.model_fields)}
    assert {variable.removesuffix("_FILE") for variable in SERVICES[name]["environment"]} <= known


def test_a_back_up_lies_in_a_volume_that_nobody_else_has_and_is_made_when_it_is_asked_for() -> None:
    backup = SERVICES["backup"]
    assert backup["profiles"] == ["backup"]
    folder = re.findall(r" (/\w+)/\$\$\(date", backup["entrypoint"][2])[0]
    (volume,) = (one for one in backup["volumes"] if one.endswith(f":{folder}"))
    assert [name for name, service in SERVICES.items() if volume in service.get("volumes", [])] == ["backup"]
    assert volume.partition(":")[0] in COMPOSE["volumes"]
    made = re.search(r"install -d -o parley -m 0700 (.+)", DOCKERFILE)
    assert made is not None
    assert folder in made[1].split(), "a volume belongs to whom its folder of the image does"


def test_what_is_built_and_copied_is_there_and_runs_as_nobody_special() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    by_name = {stage.split(" AS ", 1)[1].split()[0]: stage for stage in stages}
    for service in SERVICES.values():
        if "build" in service:
            assert service["build"]["target"] in by_name
            assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).exists()
    for name in ("platform", "rasa"):
        assert re.search(r"^USER (?!root)\w+$", by_name[name], re.MULTILINE)
    assert not re.search(r"^ADD ", DOCKERFILE, re.MULTILINE)
    rasa = re.findall(r"^COPY --from=build (\S+)", by_name["rasa"], re.MULTILINE)
    assert rasa == ["/opt/python", "/opt/parley/.venv-rasa", "/opt/parley/bot/rasa", "/opt/parley/var/encoder"]


def test_the_example_of_settings_names_only_settings() -> None:
    known = {"DATABASE_URL", *(f"PARLEY_{field.upper()}" for field in Settings.model_fields)}
    named = re.findall(r"^(?:# )?([A-Z_]+)=", (FOLDER / "parley.env.example").read_text(), re.MULTILINE)
    assert len(named) > 5
    assert {name.removesuffix("_FILE") for name in named} <= known
