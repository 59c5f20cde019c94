"""What the audit log tells of each command: what was before and after, or why there is nothing to tell."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import insert

from admin.api.endpoints import Endpoint
from admin.app import ENDPOINTS
from base.database import transaction
from base.ids import new_id
from crm.segments.models import Segment, SegmentMember
from outreach.enrolment import publish_journeys
from tests.admin.people import make_contact
from tests.admin.test_journeys import compiled

WITHOUT_DETAILS = {
    "set_up": "the first sign-in of the first user; told by its own entry",
    "log_in": "told by `sign_in` with its way",
    "sign_in_with_passkey": "told by `sign_in` with its way",
    "finish_single_sign_on": "told by `sign_in` with its way",
    "accept_invitation": "told by its own entry with the role",
    "use_reset": "a password has no before and after that may be kept",
    "change_password": "a password has no before and after that may be kept",
    "log_out": "ends the caller's own session",
    "end_other_sessions": "ends the caller's own sessions",
    "end_own_session": "ends the caller's own session",
    "end_user_sessions": "all sessions end: there is nothing else to say",
    "reset_user_password": "makes a link, which is a secret",
    "rotate_webhook_secret": "a secret has no before and after that may be kept",
    "begin_code_app": "makes a secret; what counts is told when it is confirmed",
    "confirm_code_app": "the name of the action says all",
    "remove_code_app": "the name of the action says all",
    "renew_recovery_codes": "codes are secrets",
    "begin_passkey": "changes nothing",
    "begin_passkey_sign_in": "changes nothing",
    "begin_single_sign_on": "changes nothing",
    "look_at_invitation": "changes nothing",
    "ask_for_reset": "nobody is signed in, and it must not tell who has an account",
    "take_over_conversation": "the talk keeps who had it when",
    "hand_back_conversation": "the talk keeps who had it when",
    "close_conversation": "the talk keeps who closed it",
    "add_reply": "the talk keeps what was said, where erasing finds it",
    "add_note": "the talk keeps what was noted, where erasing finds it",
    "mark_read": "what somebody has read is nobody else's",
    "tell_that_typing": "changes nothing",
    "set_away": "the colleague's own, and over by the evening",
    "upload_import": "the import keeps what was sent; nothing is imported before it is started",
    "resume_import": "the import keeps how far it is",
    "cancel_import": "the import keeps how far it came",
    "undo_import": "the import keeps how far it came",
    "remove_contact_external_id": "what another system calls a person may be an address",
    "move_flow_steps": "where steps stand on the canvas changes no talk",
    "simulate_flow": "changes nothing that is live",
    "regroup_gaps": "a worker groups anew; nothing is decided",
    "create_proposal": "the proposal is kept with all of its texts",
    "measure_proposal": "a worker measures again; nothing is decided",
    "set_channel_webhook": "tells the provider our own address",
    "set_task_mails": "what the caller is told by mail",
    "set_own_language": "in which language the caller is told by mail",
    "set_digest": "what the caller is told by mail",
    "send_digest_now": "mails the caller what they may read",
    "turn_digest_off": "what somebody is told by mail; nobody need be signed in",
    "add_sample_workspace": "the name of the action says all",
    "check_calendar": "looks at the calendar, changes nothing of it",
    "discover_calendars": "looks what calendars there are",
    "send_events": "a source of events is no user",
}
"""Commands whose entry has no details, and why."""
READS = (
    "find_contacts", "preview_import", "preview_version", "preview_wording", "preview_score_rules",
    "preview_journey_letter", "simulate_journey", "count_segment", "preview_segment", "describe_segment",
    "count_bulk_selection",
)  # fmt: skip
"""Questions that are sent by POST because they are long."""

_DEEPEST = 3


def commands() -> Iterator[Endpoint]:
    return (endpoint for endpoint in ENDPOINTS if endpoint.is_unsafe and endpoint.operation_id not in READS)


def tells_details(function: Callable[..., Any], depth: int = 0) -> bool:
    """Whether a handler, or what it calls of the admin room, gives `record` what was before or after."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = _named(function, call.func)
        name = getattr(called, "__name__", "")
        if name == "record" and called.__module__ == "admin.audit.service":
            given = [*call.args[5:], *(one.value for one in call.keywords if one.arg in {"before", "after"})]
            if any(not (isinstance(one, ast.Constant) and one.value is None) for one in given):
                return True
        is_ours = depth < _DEEPEST and inspect.isfunction(called) and called.__module__.startswith("admin.")
        if is_ours and tells_details(called, depth + 1):
            return True
    return False


def _named(function: Callable[..., Any], called: ast.expr) -> Any:
    names = function.__globals__
    if isinstance(called, ast.Name):
        return names.get(called.id)
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return getattr(names.get(called.value.id), called.attr, None)
    return None


def test_every_command_tells_the_audit_log_what_was_before_and_after_or_it_is_said_why_not():
    silent = {endpoint.operation_id for endpoint in commands() if not tells_details(endpoint.handle)}
    assert silent - WITHOUT_DETAILS.keys() == set(), "tell `record` what was before and after"
    assert WITHOUT_DETAILS.keys() - silent == set(), "these have details now, or are gone"


async def told(browser, action: str) -> dict[str, Any]:
    (entry,) = (await browser.read("/api/v1/audit", action=action))["items"]
    return {name: entry[name] for name in ("subject_kind", "subject_id", "before", "after")}


async def test_sources_and_kinds_of_events_are_told_as_they_were_and_became(signed_in):
    source = {"name": "shop", "way": "api"}
    made = await (await signed_in.send("POST", "/api/v1/event-sources", source)).json()
    entry = await told(signed_in, "make_event_source")
    assert (entry["subject_id"], entry["before"], entry["after"]["name"]) == (made["id"], None, "shop")
    assert made["secret"] not in str(entry)
    for _ in range(2):
        assert (await signed_in.send("DELETE", f"/api/v1/event-sources/{made['id']}")).status == 204
    entry = await told(signed_in, "revoke_event_source")
    assert (entry["before"]["is_revoked"], entry["after"]["is_revoked"]) == (False, True)
    kind = {"name": "webinar_joined", "title": "Joined a webinar", "properties": {}}
    assert (await signed_in.send("POST", "/api/v1/event-kinds", kind)).status == 201
    assert (await told(signed_in, "add_event_kind"))["after"]["title"] == "Joined a webinar"
    assert (await signed_in.send("DELETE", "/api/v1/event-kinds?name=webinar_joined")).status == 204
    entry = await told(signed_in, "remove_event_kind")
    assert (entry["before"]["title"], entry["after"]) == ("Joined a webinar", None)


@pytest.fixture
async def nurture(context, now):
    """A journey in two versions, and a segment with one contact."""
    segment = new_id()
    async with transaction(context.sessions) as session:
        await publish_journeys(session, {"nurture": compiled("v1")}, now)
        await publish_journeys(session, {"nurture": compiled("v2")}, now)
        contact = await make_contact(session, context.keys, now)
        row = {"id": segment, "name": "All", "tree": {"tag": "a"}, "made_by": "user:1"}
        await session.execute(insert(Segment).values(**row, created_at=now, updated_at=now))
        await session.execute(insert(SegmentMember).values(segment_id=segment, contact_id=contact, entered_at=now))
    return contact, segment


async def test_what_is_done_to_journeys_is_told_as_it_was_and_became(signed_in, nurture):
    contact, segment = nurture

    async def send(path, content, status):
        answer = await signed_in.send("POST", f"/api/v1/journeys{path}", content)
        assert answer.status == status, await answer.text()
        return answer

    await send("/state", {"journey": "nurture", "state": "draining"}, 204)
    entry = await told(signed_in, "set_journey_state")
    assert (entry["subject_id"], entry["before"], entry["after"]) == (
        "nurture", {"state": "running"}, {"state": "draining"}
    )  # fmt: skip
    await send("/state", {"journey": "nurture", "state": "running"}, 204)
    await send("/enrol", {"journey": "nurture", "contact": str(contact)}, 200)
    entry = await told(signed_in, "enrol_contact")
    assert (entry["subject_id"], entry["after"]) == (str(contact), {"journey": "nurture", "entered": True})
    made = await (await send("/backfills", {"journey": "nurture", "segment": str(segment)}, 201)).json()
    assert (await told(signed_in, "add_backfill"))["after"] == {"journey": "nurture", "segment": str(segment)}
    await send(f"/backfills/{made['id']}/cancel", {}, 204)
    assert (await told(signed_in, "stop_backfill"))["after"] == {"state": "cancelled"}
    await send("/rollback", {"journey": "nurture", "version": "v1"}, 204)
    entry = await told(signed_in, "roll_back_journey")
    assert (entry["before"], entry["after"]["version"]) == ({"version": "v2"}, "v1")
