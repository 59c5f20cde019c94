"""What the server says to colleagues is in their language: answers by Accept-Language, mails by what was told it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from admin.models import AdminUser
from admin.task_mails.letter import ToDo, write_letter
from admin.users.letters import write_invitation, write_reset
from base.database import transaction
from base.ids import new_id
from base.wording import SPOKEN, accepted_languages, read_sentences
from crm.scoring.reasons import reason_in_words
from crm.scoring.rules import load_rules
from crm.timeline.service import record
from server.settings import ROOT
from tests.admin.conftest import Admin, client_of
from tests.admin.people import make_contact, outbox_row
from tests.admin.test_users import FiledMail

LETTERS = [ROOT / "admin" / room / "words.yml" for room in ("users", "task_mails", "webhooks")]


@pytest.fixture
async def lead(context, keys, now):
    async with transaction(context.sessions) as session:
        lead = await make_contact(session, keys, now, email="ada@example.com")
        await record(session, kind="tag_added", contact_id=lead, conversation_id=None, data={"tag": "vip"}, now=now)
        reason = {"reason_rule": "quiet_hours", "reason": "It is night there.", "deferred_until": now}
        session.add(outbox_row(lead, now + timedelta(hours=1), state="deferred", **reason))
    return lead


@pytest.mark.parametrize(
    ("accepted", "told", "why"),
    [
        ("de", "Bekam das Etikett vip", "Es wartet auf die Stunden, zu denen dort gesendet werden darf."),
        ("it, fr-CH;q=0.8, en;q=0.5", "A reçu l’étiquette vip", "Cela attend les heures où l’on peut y envoyer."),
        ("en", "Was tagged vip", "It is night there."),
        ("tlh", "Was tagged vip", "It is night there."),
        ("", "Was tagged vip", "It is night there."),
    ],
)
async def test_a_leads_story_is_told_in_the_language_that_is_accepted(signed_in, lead, accepted, told, why) -> None:
    answer = await signed_in.client.get(f"/api/v1/leads/{lead}", headers={"Accept-Language": accepted})
    story = await answer.json()
    assert [event["summary"] for event in story["timeline"] if event["kind"] == "tag_added"] == [told]
    assert [one["reason"]["text"] for one in story["follow_ups"]] == [why]


def test_the_language_that_is_liked_best_comes_first_and_one_that_is_not_wanted_never() -> None:
    assert accepted_languages("fr;q=0.3, de-AT, es;q=0, en;q=0.9") == ["de", "en", "fr"]


async def test_mails_are_written_in_the_language_that_the_pages_speak(context, user) -> None:
    mail = FiledMail()
    context = replace(context, colleague_mail=mail)
    async with client_of(context) as client:
        browser = Admin(client, context, context.clock)
        assert (await browser.sign_in()).status == 200
        told = await browser.send("PUT", "/api/v1/account/language", {"language": "es"})
        assert told.status == 204, await told.text()
        assert (await browser.send("PUT", "/api/v1/account/language", {"language": "tlh"})).status == 422
        await browser.send("POST", "/api/v1/password-resets", {"email": user.email})
        await context.errands.finish()
        new = {"email": "grace@example.com", "name": "Grace", "role": "agent"}
        await browser.send("POST", "/api/v1/invitations", new, **{"Accept-Language": "fr"})
    async with context.sessions() as session:
        assert (await session.get(AdminUser, user.id)).language == "es"
    assert [(to, subject) for to, subject, _ in mail.sent] == [
        (user.email, "Su nueva contraseña de Parley"), ("grace@example.com", "Ada vous invite à Parley"),
    ]  # fmt: skip


@pytest.mark.parametrize("language", SPOKEN)
def test_every_letter_is_whole_in_every_language(language, now) -> None:
    for file in LETTERS:
        assert set(read_sentences(file)[language]) == set(read_sentences(file)["en"])
    task = ToDo(new_id(), new_id(), "task", "Call {back}", now)
    letters = [
        write_invitation("Grace", "Ada\nL.", "", "https://a.example/#t", language),
        write_reset("Grace", "https://a.example/#t", language),
        write_letter("Grace", [task] * 35, "https://a.example/", language),
    ]
    for letter in letters:
        assert "Grace" in letter.text
        assert "https://a.example/" in letter.text
        assert "\n" not in letter.subject
        assert not set("{}") & set((letter.subject + letter.text).replace("Call {back}", ""))
    assert str(now.year) in letters[-1].text


@pytest.mark.parametrize("language", [one for one in SPOKEN if one != "en"])
def test_the_reason_of_every_shipped_rule_is_told_in_every_language_and_a_companys_own_as_it_wrote_it(language) -> None:
    reasons = {rule.reason for rule in load_rules().rules}
    assert reasons
    assert {reason for reason in reasons if reason_in_words(reason, language) == reason} == set()
    assert reason_in_words("Likes tea", language) == "Likes tea"
