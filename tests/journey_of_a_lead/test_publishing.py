"""Flows are published while people talk: nobody is lost, nobody is answered twice, and what changed is heard."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections import Counter
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from server.settings import ROOT
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.test_bad_days import QUESTION, PatientClient

pytestmark = pytest.mark.journey

PEOPLE = 50
TURNS = 6
OLD, NEW = "What brings you here today?", "What may I do for you today?"


async def test_publishing_new_words_new_examples_and_going_back_under_fifty_conversations_loses_and_doubles_nothing(
    site: RunningSite, tmp_path: Path
) -> None:
    content, nlu = site.folder / "content", tmp_path / "nlu"
    shutil.copytree(ROOT / "nlu_data", nlu)
    parley = partial(site.parley, PARLEY_NLU_DIR=str(nlu))
    async with aiohttp.ClientSession() as session:
        clients = [PatientClient(site.url) for _ in range(PEOPLE)]
        await asyncio.gather(*(client.open(session) for client in clients))
        talking = asyncio.gather(*(_talk(client, session) for client in clients))

        wording = content / "library" / "demo_request" / "wording.en.yml"
        wording.write_text(wording.read_text().replace(OLD, NEW))
        output = await parley("flows", "publish", "--yes", "--replay", "5", "--note", "other words")
        assert "nothing to train" in output
        assert NEW in await _first_question(site, session)

        examples = nlu / "intents" / "flows.en.yml"
        examples.write_text(examples.read_text() + "    - tell you what went well and what did not\n")
        output = await parley("flows", "publish", "--yes", "--replay", "5", "--note", "one more example")
        assert "done in" in output, "a model was trained"

        await parley("flows", "rollback", "1", "--yes")
        assert OLD in await _first_question(site, session)
        await talking

    used = {
        row["publication"] for row in site.query("SELECT publication FROM conversations WHERE publication IS NOT NULL")
    }
    assert len(used) > 1, "people were answered before and after a publication"
    for client in clients:
        assert Counter(client.answers_to(client_id) for client_id in client.confirmed) == {2: TURNS}
        seqs = [message["seq"] for message in client.shown]
        assert seqs == sorted(set(seqs)), "each message was shown once, in order"
    assert site.query("SELECT count(*) AS n FROM messages WHERE turn_state = 'pending'") == [{"n": 0}]
    doubled = site.query("SELECT conversation_id, seq FROM messages GROUP BY conversation_id, seq HAVING count(*) > 1")
    assert doubled == []


async def _talk(client: PatientClient, session: aiohttp.ClientSession) -> None:
    for _ in range(TURNS):
        # A question in the middle: the answer, then the open question again.
        await client.say(session, QUESTION, str(uuid.uuid4()), answers=2)
        await asyncio.sleep(4)


async def _first_question(site: RunningSite, session: aiohttp.ClientSession) -> str:
    """What who comes now is asked, once this is settled: processes hear of a publication within a second."""
    await asyncio.sleep(1.5)
    client = PatientClient(site.url)
    await client.open(session)
    return str(client.shown[-1]["text"])
