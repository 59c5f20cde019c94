"""Whatever two people say, and however often they are taken for one: no mail goes to who said no last."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from base.database import transaction
from base.ids import new_id
from crm.consent.ledger import consent_for, consent_states, verify_chain
from crm.consent.suppression import list_suppressions
from crm.consent.withdrawal import withdraw
from crm.contacts.merging import merge_contacts
from crm.contacts.models import Contact
from crm.contacts.unmerging import unmerge
from outreach.people_known import read_people
from tests.admin.people import consent, make_contact, make_talk
from tests.base.test_migrations import ROOMS

assert ROOMS  # every room's tables are loaded
SCOPE = ("marketing", "email")
STEPS = st.one_of(
    st.tuples(st.sampled_from(["yes", "no", "no to all"]), st.integers(0, 1)),
    st.tuples(st.just("stop"), st.integers(0, 1)),
    st.tuples(st.sampled_from(["merge", "unmerge"]), st.integers(0, 1)),
)


class Model:
    """What each of the two said last, and both together while they are one. The no of either is the one's."""

    def __init__(self) -> None:
        self.last = ["none", "none"]
        self.together: str | None = None
        self.stopped = [False, False]

    def say(self, who: int, word: str) -> None:
        self.last[who] = word
        if self.together is not None:
            self.together = word
            if word == "no":
                self.last[1 - who] = word

    def stop(self, who: int) -> None:
        self.say(who, "no")
        self.stopped[who] = True
        if self.together is not None:
            self.stopped[1 - who] = True

    def merge(self) -> None:
        self.together = "no" if "no" in self.last else "yes" if "yes" in self.last else "none"

    def may_mail(self, who: int) -> bool:
        return (self.together or self.last[who]) == "yes"

    def is_stopped(self, who: int) -> bool:
        return any(self.stopped) if self.together is not None else self.stopped[who]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=12))
@example([("merge", 0), ("stop", 1), ("yes", 0), ("unmerge", 0)])
@example([("merge", 1), ("yes", 0), ("stop", 0), ("unmerge", 0)])
@example([("stop", 0), ("merge", 0), ("stop", 0), ("unmerge", 0)])
async def test_consent_stands_exactly_where_the_last_word_of_who_they_are_was_yes(database, keys, now, steps) -> None:
    model, merge_id, survivor = Model(), None, 0
    async with transaction(database.sessions) as session:
        people = [await make_contact(session, keys, now) for _ in range(2)]
        talks = [await make_talk(session, contact_id, now) for contact_id in people]
        for number, (step, who) in enumerate(steps):
            at = now + timedelta(minutes=number + 1)
            holder = people[survivor] if merge_id is not None else people[who]
            evidence = {"conversation_id": str(talks[who]), "id": str(new_id())}
            if step == "merge" and merge_id is None:
                survivor = who
                merge_id = await merge_contacts(session, people[who], people[1 - who], "user:1", at)
                model.merge()
            elif step == "unmerge" and merge_id is not None:
                await unmerge(session, merge_id, "user:1", at)
                merge_id, model.together = None, None
            elif step == "yes":
                await consent(session, holder, "given", at, evidence=evidence)
                model.say(who, "yes")
            elif step in ("no", "no to all"):
                wide = {"purpose": "all", "channel": "all"} if step == "no to all" else {}
                await consent(session, holder, "withdrawn", at, notice_text=None, evidence=evidence, **wide)
                model.say(who, "no")
            elif step == "stop":
                # By a link in an old mail, which names who they were then.
                await withdraw(
                    session, contact_id=people[who], method="link", evidence=evidence, actor="subject", now=at
                )
                model.stop(who)
            standing = [0, 1] if merge_id is None else [survivor]
            ids = [people[one] for one in standing]
            known = await read_people(session, ids, at, keys=None, machine=None, remember=timedelta(days=7))
            states = await consent_states(session, ids, at)
            stops = await list_suppressions(session, ids)
            for one in standing:
                contact_id = people[one]
                given_now = consent_for(states[contact_id], *SCOPE).state == "given"
                assert given_now == (consent_for(known.by_id[contact_id].consents, *SCOPE).state == "given")
                assert given_now == bool(known.by_id[contact_id].bases.get(SCOPE))
                assert given_now == model.may_mail(one), (steps[: number + 1], one)
                assert bool(stops[contact_id]) == model.is_stopped(one) == bool(known.by_id[contact_id].suppressed)
            assert {await session.get(Contact, people[one]) is None for one in standing} == {False}
        assert (await verify_chain(session)).is_intact
        await session.rollback()
