"""A draft is edited, talked with and published over the API of a running site: the worker does it, visitors hear it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from tests.journey_of_a_lead.colleague import EMAIL, PASSWORD
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.test_bad_days import PatientClient

pytestmark = pytest.mark.journey

ITEM = "library/demo_request"
NEW = "What may we do for you?"
PATIENCE = 180
"""Seconds for every check of a publication on a busy machine."""


class Editor:
    """Somebody who is signed in, by the API alone."""

    def __init__(self, site: RunningSite, session: aiohttp.ClientSession) -> None:
        self._site = site
        self._session = session

    async def sign_in(self) -> None:
        """As the first user; makes it where no test before has."""
        known = await self.send("POST", "/session", {"email": EMAIL, "password": PASSWORD}, status=None)
        if "code" in known:
            token = self._site.setup_link.partition("token=")[2]
            person = {"token": token, "name": "Olivia Owner", "email": EMAIL, "password": PASSWORD}
            await self.send("POST", "/setup", person, status=None)
        await self.send("GET", "/session")

    async def send(
        self, method: str, path: str, content: Any = None, *, version: int | None = None, status: int | None = 200
    ) -> Any:
        headers = {"X-Requested-With": "parley", "Origin": self._site.url}
        headers |= {} if version is None else {"If-Match": f'"{version}"'}
        url = f"{self._site.url}/api/v1{path}"
        async with self._session.request(method, url, json=content, headers=headers) as answer:
            read = await answer.json() if answer.status != 204 else {}
            assert status is None or answer.status in {status, 204}, read
            return read


async def test_a_draft_is_edited_talked_with_and_published_while_the_site_runs(site: RunningSite) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        editor = Editor(site, session)
        await editor.sign_in()
        document = await editor.send("POST", "/flows/drafts", {"item": ITEM}, status=201)
        content = document["content"]
        content["wording"]["en"]["ask_goal"]["text"] = NEW
        wish = {"item": ITEM, "content": content}
        saved = await editor.send("PUT", "/flows/drafts", wish, version=document["version"])
        assert saved["merged"] == []
        assert (await editor.send("GET", f"/flows/problems?item={ITEM}"))["items"] == []

        opened = await editor.send("POST", "/flows/simulations", {"item": ITEM, "act": {"kind": "start"}})
        assert NEW in [reply["text"] for reply in opened["replies"]]
        assert opened["stands_on"] == "demo_request/ask_goal"
        tapped = {"item": ITEM, "act": {"kind": "tap", "value": "demo"}, "talk": opened["talk"]}
        assert (await editor.send("POST", "/flows/simulations", tapped))["slots"]["goal"] == "demo"

        asked = await editor.send("POST", "/flows/publications", {"items": [ITEM], "replay": 5}, status=202)
        job = await _until_done(editor, asked["id"])
        assert (job["status"], job["problem"]) == ("done", None)
        assert job["report"]["tests"]["failures"] == []
        assert any("is live" in line for line in job["lines"])
        await asyncio.sleep(1.5)
        visitor = PatientClient(site.url)
        await visitor.open(session)
        assert visitor.shown[-1]["text"] == NEW

        drop_off = await editor.send("GET", f"/flows/drop-off?item={ITEM}")
        arrived = {one["step"]: one["arrived"] for one in drop_off["steps"]}
        assert arrived["ask_goal"] >= 1
        assert ("by_history", "ask_goal") in {(edge["step"], edge["to"]) for edge in drop_off["edges"]}
        # Not the number less one: a database that was killed leaves numbers out.
        published = (await editor.send("GET", f"/flows/publications?before={job['publication']}&limit=1"))["items"]
        wish = {"publication": published[0]["publication"]}
        back = await editor.send("POST", "/flows/rollbacks", wish, status=202)
        assert (await _until_done(editor, back["id"]))["status"] == "done"


async def _until_done(editor: Editor, job_id: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while True:
        job = await editor.send("GET", f"/flows/jobs/{job_id}")
        if job["status"] not in {"waiting", "running"}:
            return job
        assert time.monotonic() < deadline, job
        await asyncio.sleep(0.5)
