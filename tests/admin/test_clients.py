"""The clients that `make clients` generates: one call of each, by a token, at the real API. Needs the network."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.long

_PYTHON = """
import json, sys
sys.path.insert(0, "clients/python")
from parley_client import AuthenticatedClient
from parley_client.api.default import create_company, list_companies
from parley_client.models import NewCompany

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
made = create_company.sync(client=client, body=NewCompany(name="Northwind"))
found = list_companies.sync(client=client)
print(json.dumps([made.name, [one.name for one in found.items]]))
"""
_TYPESCRIPT = """
import { createParley } from './clients/typescript/dist/index.js';
const [site, token] = process.argv.slice(-2);
const { data, error } = await createParley(site, token).GET('/api/v1/companies');
console.log(JSON.stringify(error ?? data.items.map((one) => one.name)));
"""


async def run(*command: str) -> str:
    """In a process of its own, beside the server in this one."""
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:{ROOT / '.venv' / 'bin'}"}
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_the_generated_clients_talk_with_the_api(signed_in):
    warnings = await run("make", "clients")
    assert "will not be generated" not in warnings
    assert "removal of" not in warnings
    wish = {"name": "client", "permissions": ["contacts.read", "contacts.write"]}
    token = (await (await signed_in.send("POST", "/api/v1/api-tokens", wish)).json())["token"]
    site = str(signed_in.client.make_url("")).rstrip("/")
    assert json.loads(await run(sys.executable, "-c", _PYTHON, site, token)) == ["Northwind", ["Northwind"]]
    shown = await run("node", "--input-type=module", "-e", _TYPESCRIPT, site, token)
    assert json.loads(shown) == ["Northwind"]
