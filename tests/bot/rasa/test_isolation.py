"""The old process is reachable from this machine only, does nothing for whoever lacks the secret, and asks nobody."""

from __future__ import annotations

import json
import os
import socket
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from conftest import PROJECT, SECRET, id_of, signed

_LISTENS, _LOOPBACK = "0A", {"0100007F", "00000000000000000000000001000000"}
QUOTED = urllib.parse.quote(SECRET)
RASAS_OWN = [
    "/", "/version", "/status", "/domain", "/model", "/model/train", "/model/test/stories", "/model/parse",
    "/model/predict", "/conversations/x/tracker", "/conversations/x/tracker/events", "/conversations/x/execute",
    "/conversations/x/predict", "/conversations/x/messages", "/conversations/x/trigger_intent",
    "/conversations/x/story",
    "/webhooks/rest/webhook", "/webhooks/rest/", "/webhooks/twilio/webhook", "/webhooks/telegram/webhook",
    "/webhooks/telegram/set_webhook", "/webhooks/callback/webhook", "/socket.io/", "/webhooks/turn/webhook",
]  # fmt: skip
OURS = [
    ("POST", ""),
    ("POST", "landing"),
    ("POST", "vectors"),
    ("POST", "facts"),
    ("PUT", "flows/0"),
    ("PUT", "models/0"),
]


def sockets_of(port):
    """The sockets of the process that listens at a port: local address, port, the other's address and state."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if int(row[1].rpartition(":")[2], 16) == port and row[3] == _LISTENS)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            held = {os.readlink(one) for one in (process / "fd").iterdir()}
        except OSError:
            continue
        if f"socket:[{inode}]" in held:
            return [row for row in rows if f"socket:[{row[9]}]" in held]
    raise AssertionError("no process listens there")


def addresses_of_this_machine():
    """Every address beyond loopback."""
    found = {line.split()[0] for line in _routes() if line.split()[0] not in ("127.0.0.1", "127.0.0.0")}
    return sorted(one for one in found if not one.startswith("127."))


def _routes():
    """The machine's own addresses, as the kernel's table of routes has them."""
    lines = Path("/proc/net/fib_trie").read_text().splitlines()
    return [lines[at - 1].split()[-1] for at, line in enumerate(lines) if "/32 host LOCAL" in line]


def test_it_listens_at_one_port_of_loopback_and_at_nothing_else(server):
    listening = [row[1].partition(":") for row in sockets_of(server.port) if row[3] == _LISTENS]
    assert [int(port, 16) for _, _, port in listening] == [server.port]
    assert {address for address, _, _ in listening} <= _LOOPBACK


def test_nobody_reaches_it_by_another_address_of_the_machine(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5):
        pass
    for address in addresses_of_this_machine():
        with pytest.raises(OSError), socket.create_connection((address, server.port), timeout=5):
            pass


def test_it_asks_nobody_while_it_talks(server):
    state = server.turn(None, "start")["state"]
    server.turn(state, text="what does it cost per month?")
    others = {row[2].partition(":")[0] for row in sockets_of(server.port) if row[3] != _LISTENS}
    assert others <= _LOOPBACK


def ask(server, method, path, body=b"{}", **headers):
    """The status and what was answered."""
    address = f"http://127.0.0.1:{server.port}{path}"
    request = urllib.request.Request(address, body if method != "GET" else None, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("path", RASAS_OWN)
def test_none_of_rasas_own_routes_is_there_with_the_secret_or_without(server, path):
    for method in ("GET", "POST", "PUT", "DELETE"):
        for headers in ({}, {"X-Parley-Secret": SECRET}, {"Authorization": f"Bearer {SECRET}"}):
            assert ask(server, method, f"{path}?token={QUOTED}", **headers)[0] in (404, 405)


def test_nothing_but_health_answers_without_the_secret(server):
    for method, route in OURS:
        for headers in (
            {},
            {"X-Parley-Secret": ""},
            {"X-Parley-Secret": SECRET[:-1]},
            {"X-Parley-Secret": SECRET + " x"},
        ):
            status, answer = ask(server, method, f"/webhooks/turn/{route}?token={QUOTED}&secret={QUOTED}", **headers)
            assert (status, json.loads(answer)) == (403, {"error": "wrong secret"})
    assert set(server.health()) == {"status", "flows", "models", "state_version"}


@pytest.mark.parametrize("name", ["../../outside", "%2e%2e%2f%2e%2e%2foutside", "/etc/passwd", "x/../../../outside"])
def test_no_name_or_header_says_where_a_model_is_written(server, trained_model, name):
    """Rasa's own loader writes a model to where a header says."""
    before = {path: path.stat().st_mtime_ns for path in PROJECT.rglob("*") if "__pycache__" not in path.parts}
    hostile = {"X-Parley-Secret": SECRET, "filename": name, "Content-Disposition": f'attachment; filename="{name}"'}
    body = signed(trained_model.read_bytes())
    status, _ = ask(server, "PUT", f"/webhooks/turn/models/{name}", body, **hostile)
    assert status in (400, 404)
    assert ask(server, "PUT", f"/webhooks/turn/models/{id_of(trained_model)}", body, **hostile)[0] == 204
    after = {path: path.stat().st_mtime_ns for path in PROJECT.rglob("*") if "__pycache__" not in path.parts}
    assert after == before


def test_no_address_of_a_model_is_configured_and_none_is_taken(server):
    """`PUT /model` with an address makes Rasa fetch from there; endpoints.yml could name one."""
    import yaml

    assert set(yaml.safe_load((PROJECT / "endpoints.yml").read_text("utf-8"))) == {"tracker_store", "nlg"}
    with socket.socket() as watched:
        watched.bind(("127.0.0.1", 0))
        watched.listen()
        watched.settimeout(0.5)
        wish = {"model_server": {"url": f"http://127.0.0.1:{watched.getsockname()[1]}/model"}}
        assert ask(server, "PUT", "/model", json.dumps(wish).encode())[0] == 404
        with pytest.raises(TimeoutError):
            watched.accept()
