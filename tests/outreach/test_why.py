"""Why a message of a journey was sent, or was not: each decision in words, and totals."""

from __future__ import annotations

from string import Formatter

from base.wording import SPOKEN, read_sentences
from outreach.why import _FILE, explain, total_up

STEPS = {
    "say": {"step": "send", "channels": ["email"], "next": [{"to": "rest"}]},
    "rest": {"step": "wait_for", "seconds": 86_400, "next": []},
}


async def test_each_decision_about_somebody_is_told_in_order(site, journey):
    await site.publish(journey(STEPS))
    contact_id = await site.contact(consent=None)
    await site.enrol(contact_id, "follow_up")
    await site.go_on(seconds=1)
    await site.enrol(contact_id, "follow_up")
    await site.enrol(contact_id, "follow_up")
    async with site.sessions() as session:
        told = await explain(session, "follow_up", contact_id)
        nothing = await explain(session, "another", contact_id)
    assert sorted((one.what, one.rule, one.step or "") for one in told) == [
        ("entered", "say", "say"),
        ("not_sent", "consent", "say"),
        ("stands", "rest", "rest"),
        ("stayed_out", "re_entry", ""),
    ]
    assert told[0].what == "entered"
    assert [one.at for one in told] == sorted(one.at for one in told)
    words = {one.what: one.words for one in told}
    assert "never agreed" in words["not_sent"]
    assert words["stayed_out"].endswith("(2 times)")
    assert nothing == []


async def test_each_line_is_told_in_the_readers_language_and_as_much_of_it(site, journey):
    await site.publish(journey(STEPS))
    refused, sent, waiting = (
        await site.contact(consent=None),
        await site.contact(),
        await site.contact(time_zone="Pacific/Honolulu"),
    )
    for contact_id in (refused, sent, waiting):
        await site.enrol(contact_id, "follow_up")
    await site.pump.run_once()
    for _ in range(2):
        await site.enrol(refused, "follow_up")
    told, totals = {}, {}
    async with site.sessions() as session:
        for language in SPOKEN:
            lines = [await explain(session, "follow_up", who, language) for who in (refused, sent, waiting)]
            told[language] = {(one.what, one.rule): one.words for some in lines for one in some}
            counted = await total_up(session, "follow_up", language)
            totals[language] = {(one.what, one.rule): one.words for one in counted}
    for words in (told, totals):
        for line in words["en"]:
            assert len({words[language][line] for language in SPOKEN}) == len(SPOKEN), line
    assert {what for what, _ in told["de"]} == {"entered", "not_sent", "stands", "stayed_out", "sent", "waits"}
    assert told["fr"]["stayed_out", "re_entry"].endswith("(2 fois)")
    assert told["de"]["sent", "accepted"] == "Gesendet über email; es ist angenommen."


def test_every_line_is_in_every_language_with_the_same_things_filled_in():
    known = read_sentences(_FILE)
    for language in SPOKEN:
        assert known[language].keys() == known["en"].keys()
        for name, sentence in known["en"].items():
            holes = {hole for _, hole, _, _ in Formatter().parse(sentence) if hole}
            assert {hole for _, hole, _, _ in Formatter().parse(known[language][name]) if hole} == holes, name


async def test_a_message_that_was_sent_and_one_that_waits_are_told(site, journey):
    await site.publish(journey(STEPS))
    day, night = await site.contact(), await site.contact(time_zone="Pacific/Honolulu")
    for contact_id in (day, night):
        await site.enrol(contact_id, "follow_up")
    await site.pump.run_once()
    async with site.sessions() as session:
        sent = [one for one in await explain(session, "follow_up", day) if one.what == "sent"]
        waits = [one for one in await explain(session, "follow_up", night) if one.what == "waits"]
    assert [(one.rule, one.channel) for one in sent] == [("accepted", "email")]
    assert {one.rule for one in waits} == {"quiet_hours", "deferred"}


async def test_totals_count_people_by_rule(site, journey):
    await site.publish(journey(STEPS, holdout_percent=50))
    people = [await site.contact(consent=None) for _ in range(12)]
    came = [await site.enrol(contact_id, "follow_up") for contact_id in people]
    await site.go_on(seconds=1)
    async with site.sessions() as session:
        totals = {(one.what, one.rule): one.people for one in await total_up(session, "follow_up")}
        words = {one.rule: one.words for one in await total_up(session, "follow_up")}
    assert totals[("not_sent", "consent")] == sum(came) == totals[("stands", "rest")]
    assert totals[("stayed_out", "held_out")] == 12 - sum(came)
    assert "never agreed" in words["consent"]
