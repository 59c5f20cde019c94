"""A file is taken only where one is asked for, by what its bytes are, once, and never larger than the question says."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from sqlalchemy import func, select

from base.database import transaction
from bot.files.models import ConversationFile
from bot.resume_codes import issue_code
from tests.bot.scripted_dialogue import ScriptedDialogue, say
from tests.channels.web.chat_stage import FOREIGN_ORIGIN, ORIGIN, Process, texts

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
LIMITS = {"accept": ["pdf", "image"], "max_megabytes": 0.01}
LARGEST = int(0.01 * 1024 * 1024)


def ask_file(**limits: Any) -> dict[str, Any]:
    answer = say("Send us the floor plan.")
    answer["replies"][0] |= {"step": "support/plan", "input": "file", "limits": LIMITS | limits}
    return answer


@pytest.fixture
async def asked(process: Process, dialogue: ScriptedDialogue) -> dict[str, Any]:
    """A chat in which a file is asked for."""
    dialogue.script = lambda body: ask_file() if body["message"]["kind"] == "start" else say("Thank you.")
    opened = await process.open()
    await process.turns.drain()
    return opened


async def send(
    process: Process,
    opened: dict[str, Any],
    data: bytes,
    *,
    name: str = "plan.pdf",
    client_id: UUID | str | None = None,
    field: str = "file",
    origin: str = ORIGIN,
    token: str | None = None,
) -> tuple[int, dict[str, Any]]:
    form = aiohttp.FormData()
    form.add_field(field, data, filename=name, content_type="application/octet-stream")
    headers = {"X-Client-Id": str(client_id or uuid4())}
    sending = process.request(
        "POST", "/chat/files", origin=origin, token=token or opened["token"], data=form, headers=headers
    )
    async with sending as answer:
        return answer.status, await answer.json(content_type=None)


async def kept(process: Process) -> int:
    async with process.sessions() as session:
        return await session.scalar(select(func.count()).select_from(ConversationFile)) or 0


async def test_a_file_is_kept_and_becomes_a_message_that_is_answered(
    process: Process, asked: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    async with process.visitor(asked["token"], last_seen=1) as visitor:
        client_id = uuid4()
        status, receipt = await send(process, asked, PDF, client_id=client_id, name="plan.exe")
        assert (status, receipt) == (202, {"type": "received", "client_id": str(client_id), "seq": 2})
        shown = await visitor.messages(3)
    assert texts(shown) == [(2, "visitor", "plan.pdf"), (3, "bot", "Thank you.")]
    assert shown[0]["client_id"] == str(client_id)
    message = dialogue.requests[-1]["message"]
    async with process.sessions() as session:
        stored = (await session.scalars(select(ConversationFile))).one()
    assert (message["kind"], message["text"], message["value"]) == ("file", "plan.pdf", str(stored.id))
    assert (stored.data, stored.kind, str(stored.conversation_id)) == (PDF, "pdf", asked["conversation_id"])


async def test_a_file_for_a_talk_that_went_on_elsewhere_is_told_so(process: Process, asked: dict[str, Any]) -> None:
    async with transaction(process.sessions) as session:
        code = await issue_code(
            session, process.keys, conversation_id=UUID(asked["conversation_id"]), channels=["sms"],
            attempt_key="x", now=process.clock.now(),
        )  # fmt: skip
    await process.turns.resume_by_code(code, channel="sms", language="en")
    status, problem = await send(process, asked, PDF)
    assert (status, problem["code"]) == (409, "moved")


async def test_the_browser_is_told_what_may_be_picked(process: Process, asked: dict[str, Any]) -> None:
    async with process.visitor(asked["token"]) as visitor:
        (message,) = await visitor.messages(1)
    assert message["input"] == "file"
    assert {name: message["limits"][name] for name in (*LIMITS, "types")} == LIMITS | {"types": ".pdf,image/*"}


async def test_sent_again_after_a_lost_receipt_it_is_one_message(
    process: Process, asked: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    client_id = uuid4()
    first = await send(process, asked, PDF, client_id=client_id)
    await process.turns.drain()
    turns = len(dialogue.requests)
    assert await send(process, asked, PDF, client_id=client_id) == first
    at_once = await asyncio.gather(*(send(process, asked, PDF, client_id=client_id) for _ in range(3)))
    assert {status for status, _ in at_once} == {202}
    assert await kept(process) == 1
    assert len(dialogue.requests) == turns


async def test_where_no_question_asks_for_a_file_none_is_taken(process: Process, opened: dict[str, Any]) -> None:
    status, answer = await send(process, opened, PDF)
    assert (status, answer["code"]) == (409, "no_file_asked")
    assert await kept(process) == 0


async def test_a_later_question_closes_the_one_for_a_file(
    process: Process, asked: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    def ask_email(_body: dict[str, Any]) -> dict[str, Any]:
        answer = say("Where can we write to you?")
        answer["replies"][0] |= {"step": "support/email", "input": "email"}
        return answer

    dialogue.script = ask_email
    assert (await send(process, asked, PDF))[0] == 202
    await process.turns.drain()
    assert (await send(process, asked, PDF))[1]["code"] == "no_file_asked"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 415, "file_not_accepted"),
        (b"just text", 415, "file_not_accepted"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", 415, "file_not_accepted"),
        (b"MZ" + bytes(500), 415, "file_not_accepted"),
        (PDF + bytes(LARGEST), 413, "file_too_large"),
        (bytes(500_000), 413, "file_too_large"),
    ],
    ids=["empty", "text", "svg", "program", "a little too large", "far too large"],
)
async def test_what_is_not_accepted_is_refused_by_name_and_not_kept(
    process: Process, asked: dict[str, Any], data: bytes, status: int, code: str
) -> None:
    answered, problem = await send(process, asked, data)
    assert (answered, problem["code"]) == (status, code)
    assert problem["detail"]
    assert await kept(process) == 0


async def test_a_large_body_that_does_not_announce_its_size_is_cut_off(process: Process, asked: dict[str, Any]) -> None:
    async def endless() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        for _ in range(64):
            yield bytes(16_384)

    headers = {"X-Client-Id": str(uuid4()), "Content-Type": "multipart/form-data; boundary=x"}
    sending = process.request("POST", "/chat/files", token=asked["token"], data=endless(), headers=headers)
    async with sending as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (413, "file_too_large")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"no parts"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\nhi\r\n--x--\r\n',
        ),
    ],
)
async def test_a_body_without_the_file_is_refused(
    process: Process, asked: dict[str, Any], kind: str, body: bytes
) -> None:
    headers = {"X-Client-Id": str(uuid4()), "Content-Type": kind}
    sending = process.request("POST", "/chat/files", token=asked["token"], data=body, headers=headers)
    async with sending as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (400, "malformed")
    assert await kept(process) == 0


async def test_token_origin_and_client_id_are_asked_for_as_with_every_message(
    process: Process, asked: dict[str, Any]
) -> None:
    assert (await send(process, asked, PDF, token="forged"))[0] == 401
    assert (await send(process, asked, PDF, origin=FOREIGN_ORIGIN))[0] == 403
    assert (await send(process, asked, PDF, client_id="seven"))[0] == 400
    assert await kept(process) == 0


async def test_a_page_of_an_allowed_origin_may_send_its_client_id(process: Process) -> None:
    async with process.request("OPTIONS", "/chat/files") as answer:
        assert answer.status == 204
        assert "X-Client-Id" in answer.headers["Access-Control-Allow-Headers"]
