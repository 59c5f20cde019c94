"""What happened to one made-up person, told by the functions that real people's lives are written by.

In the caller's transaction, in the order it happened, each with the moment it happened at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.ids import new_id
from crm.companies.models import Company
from crm.companies.service import set_company
from crm.consent.double_opt_in import METHOD as BY_MAIL
from crm.consent.double_opt_in_rules import read_double_opt_in
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.opting_out import OptOutRequest, opt_out
from crm.consent.stop_scope import StopScope
from crm.contacts.addresses import ADDRESS_KINDS, AddressKind
from crm.contacts.models import ContactPoint
from crm.contacts.rules import Stage
from crm.contacts.service import (
    attach_address,
    create_contact,
    get_contact,
    prove_address,
    set_fields,
    set_qualification,
    set_stage,
    tag_contact,
)
from crm.events.reading import About, GivenEvent
from crm.events.service import Giver, take_in
from crm.owners.service import assign_owner
from crm.privacy.requests import Filing, Hands, file_request
from crm.samples.models import SamplePerson
from crm.scoring.service import add_points, recompute_for
from crm.tasks.service import NewTask, create_tasks
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record
from outreach.entering import Entrant, enter
from outreach.library import Library
from outreach.models import Enrolment, OutboxMessage
from outreach.trail import WALKED
from server.samples.content import Character, Content, Deed, Mail
from server.samples.talking import Taking, take_place

NOTICE = "May we send you news and offers {by}? You can stop them at any time."
_BY = {"email": "by e-mail", "sms": "by text message", "telegram": "on Telegram"}
_SOURCE = "samples"
_ASLEEP = timedelta(days=30)
"""Whoever stands in a journey is not due before; what it would then send is refused."""
_LETTER = "Hello {first_name},\n\n{subject}: a minute to read, and one thing to try this week.\n\nNorthwind Ledger"


@dataclass(frozen=True, slots=True)
class World:
    """What is needed to tell of anybody. `user_id`: the colleague who made the workspace, at `made_at`."""

    keys: KeyRing
    hands: Hands
    library: Library
    content: Content
    companies: Mapping[str, UUID]
    user_id: UUID
    made_at: datetime

    @property
    def by(self) -> str:
        return f"user:{self.user_id}"


async def live(session: AsyncSession, world: World, name: str) -> None:
    """Makes one person, who is made up before anything is known of them, and lets their story happen."""
    person = world.content.people[name]
    deeds = world.content.stories[person.story]
    moments = _moments(person, deeds, world.made_at)
    company = world.content.companies[person.company]
    begins = moments[0] - timedelta(minutes=1)
    contact_id = await create_contact(session, time_zone=company.zone, now=begins)
    await session.execute(insert(SamplePerson).values(contact_id=contact_id, name=name))
    life = _Life(session, world, name, person, contact_id)
    await life.become_known(begins)
    for deed, moment in zip(deeds, moments, strict=True):
        await life.happen(deed, moment)
    await recompute_for(session, world.keys, [contact_id], world.made_at)


def _moments(person: Character, deeds: tuple[Deed, ...], made_at: datetime) -> list[datetime]:
    """When each step happens: in their order, and before the workspace was made."""
    moments: list[datetime] = []
    for number, deed in enumerate(deeds):
        if deed.ago is not None:
            moment = made_at - timedelta(minutes=deed.ago)
        else:
            hours, minutes = map(int, str(deed.at).split(":"))
            day = (made_at - timedelta(days=person.since - deed.day)).date()
            moment = datetime.combine(day, time(hours, minutes), made_at.tzinfo)
        latest = made_at - timedelta(minutes=5 * (len(deeds) - number))
        moments.append(max([min(moment, latest), *moments[-1:]]))
    return moments


@dataclass
class _Life:
    """One person's life while it is told."""

    session: AsyncSession
    world: World
    name: str
    person: Character
    contact_id: UUID
    talk_id: UUID | None = None

    async def become_known(self, now: datetime) -> None:
        """Name, company, addresses, owner: what is known from their first word on."""
        person, company = self.person, self.world.content.companies[self.person.company]
        facts = {
            "first_name": person.name[0],
            "last_name": person.name[1],
            "company": company.title,
            "job_title": person.title,
            "city": company.city,
            "country": company.country,
        }
        await set_fields(self.session, self.contact_id, facts, now)
        for kind, value in self._addresses().items():
            await attach_address(self.session, self.world.keys, self.contact_id, kind=kind, value=value, now=now)
        company_id = self.world.companies.get(person.company)
        if company_id is not None and await self.session.get(Company, company_id) is not None:
            await set_company(self.session, self.contact_id, company_id, by=self.world.by, now=now)
        if person.mine:
            await assign_owner(self.session, self.contact_id, self.world.user_id, by=self.world.by, now=now)

    async def happen(self, deed: Deed, now: datetime) -> None:
        """One step of the story."""
        tell: Callable[[Deed, datetime], Awaitable[None]] = getattr(self, f"_{deed.does}")
        await tell(deed, now)

    async def _event(self, deed: Deed, now: datetime) -> None:
        starts = {} if deed.starts_in is None else {"starts_at": now + timedelta(days=deed.starts_in)}
        await self._take_in(str(deed.event), {**_filled(deed.data, name=self.name), **starts}, now)

    async def _agree(self, deed: Deed, now: datetime) -> None:
        for channel in deed.agree:
            await self._say_yes(channel, now)

    async def _points(self, deed: Deed, now: datetime) -> None:
        for number, (reason, points) in enumerate(deed.points.items()):
            rule = f"demo_request/qualify/{number}"
            await add_points(
                self.session, self.contact_id, rule=rule, points=points, reason=reason, message_id=None, now=now
            )

    async def _qualified(self, deed: Deed, now: datetime) -> None:
        assert deed.qualified is not None
        await set_qualification(self.session, self.contact_id, deed.qualified, now)
        await self._note("qualified", {"outcome": deed.qualified}, now)
        await self._move("mql", now)

    async def _stage(self, deed: Deed, now: datetime) -> None:
        assert deed.stage is not None
        await self._move(deed.stage, now)

    async def _tags(self, deed: Deed, now: datetime) -> None:
        await tag_contact(self.session, self.contact_id, add=deed.tags, remove=(), conversation_id=None, now=now)

    async def _count(self, _deed: Deed, now: datetime) -> None:
        await recompute_for(self.session, self.world.keys, [self.contact_id], now)

    async def _order(self, _deed: Deed, now: datetime) -> None:
        await self._take_in("order_placed", self._sold(), now)

    async def _refund(self, _deed: Deed, now: datetime) -> None:
        await self._take_in("order_refunded", self._sold(), now)

    async def _request(self, deed: Deed, now: datetime) -> None:
        assert deed.request is not None
        filing = Filing(self.contact_id, deed.request, "web", "subject", verified=False, conversation_id=self.talk_id)
        await file_request(self.session, self.world.hands, filing, now)

    async def _talk(self, deed: Deed, now: datetime) -> None:
        script = self.world.content.talks[str(deed.talk)]
        kind = ADDRESS_KINDS.get(script.channel)
        if kind is not None:
            # Who writes from an address has shown that it is theirs.
            value = self._addresses()[kind]
            await prove_address(self.session, self.world.keys, self.contact_id, kind=kind, value=value, now=now)
        company = self.world.content.companies[self.person.company]
        words = {
            "first_name": self.person.name[0],
            "company": company.title,
            "team": str(company.employees),
            "email": self.person.address,
        }
        point = select(ContactPoint.id).where(ContactPoint.contact_id == self.contact_id, ContactPoint.kind == kind)
        point_id = None if kind is None else await self.session.scalar(point)
        taking = Taking(script, self.contact_id, point_id, self.world.user_id, words, company.zone)
        self.talk_id = await take_place(self.session, taking, now, self.world.made_at)
        for field in script.tells:
            await self._note("lead_captured", {"field": field}, now, self.talk_id)
        if script.tells:
            await self._move("lead", now)

    async def _say_yes(self, channel: str, now: datetime) -> None:
        """What they said yes to; where the law wants that, confirmed by the link in a mail."""
        kind = ADDRESS_KINDS[channel]
        index = select(ContactPoint.blind_index).where(
            ContactPoint.contact_id == self.contact_id, ContactPoint.kind == kind
        )
        address = await self.session.scalar(index)
        country = self.world.content.companies[self.person.company].country
        talk = {} if self.talk_id is None else {"conversation_id": str(self.talk_id)}
        evidence: dict[str, Any] = {**talk, "channel": "web", "sample": True}
        must_confirm = read_double_opt_in().demands("marketing", channel, (country,))

        def fact(event: Any, method: str, **more: Any) -> ConsentFact:
            return ConsentFact(
                event=event,
                principal_ref=self.contact_id,
                purpose="marketing",
                channel=channel,
                controller=self.world.hands.controller,
                language="en",
                method=method,
                actor="subject",
                effective_at=now,
                notice_text=NOTICE.format(by=_BY[channel]),
                evidence={**evidence, **more},
                address_hmac=None if address is None else address.hex(),
                jurisdiction=country,
            )

        if not must_confirm:
            await record_consent_event(self.session, fact("given", "chat_choice"), now)
            await self._note("consent_given", {"purpose": "marketing", "channel": channel}, now, self.talk_id)
            return
        asked = await record_consent_event(self.session, fact("requested", "chat_choice"), now)
        await record_consent_event(self.session, fact("confirmed", BY_MAIL, requested_event_id=str(asked.id)), now)
        await self._note("consent_confirmed", {"purpose": "marketing", "channel": channel}, now, self.talk_id)

    async def _opts_out(self, deed: Deed, now: datetime) -> None:
        channel = str(deed.opts_out)
        request = OptOutRequest(
            contact_id=self.contact_id,
            scope=StopScope("marketing", (channel,)),
            method=f"{channel}_preferences",
            evidence={"id": str(new_id()), "sample": True},
            controller=self.world.hands.controller,
            language="en",
            conversation_id=self.talk_id,
        )
        await opt_out(self.session, request, now)

    async def _move(self, stage: Stage, now: datetime) -> None:
        before = (await get_contact(self.session, self.contact_id)).stage
        if await set_stage(self.session, self.contact_id, stage, now):
            await self._note("stage_changed", {"stage": stage, "before": before, "reason": "sample"}, now)

    async def _task(self, deed: Deed, now: datetime) -> None:
        title = str(deed.task).format(first_name=self.person.name[0])
        owner = self.world.user_id if self.person.mine else None
        task = NewTask(self.contact_id, "inbox", title, owner, due_at=self.world.made_at + timedelta(days=deed.due))
        (task_id,) = await create_tasks(self.session, [task], now)
        await self._note("task_made", {"task": str(task_id), "kind": task.kind, "title": title}, now)

    async def _mail(self, deed: Deed, now: datetime) -> None:
        """A follow-up that went out then, as its rows are left when one did. There is nothing that could send it."""
        mail = _mail_of(deed.mail)
        outbox_id = await self._write(mail, now, state=mail.state, wired_at=now)
        told = {"outbox_id": str(outbox_id), "channel": "email", "journey": mail.journey, "step": mail.step}
        await self._note("message_sent", told, now)
        if mail.state == "undelivered":
            await self._note("message_undelivered", {**told, "reason": "The mailbox is full."}, now)
            return
        await self._note("message_delivered", told, now)
        if mail.state == "read":
            await self._note("email_opened", told, now + timedelta(hours=1))
        if mail.clicked:
            await self._note("link_clicked", told, now + timedelta(hours=1, minutes=1))

    async def _plan(self, deed: Deed, now: datetime) -> None:
        """A follow-up that waits. When it is due the gate refuses it: the person is made up."""
        due_at = max(now, self.world.made_at) + timedelta(days=1 + self.person.since % 5)
        await self._write(_mail_of(deed.plan), now, state="planned", due_at=due_at)

    async def _refused(self, deed: Deed, now: datetime) -> None:
        mail = _mail_of(deed.refused)
        reason = "This contact withdrew the consent to marketing messages."
        outbox_id = await self._write(mail, now, state="skipped", reason_rule="consent", reason=reason)
        told = {"outbox_id": str(outbox_id), "channel": "email", "journey": mail.journey, "step": mail.step}
        await self._note("message_refused", {**told, "reason": reason}, now)

    async def _write(self, mail: Mail, now: datetime, **columns: Any) -> UUID:
        outbox_id = new_id()
        row = {
            "id": outbox_id,
            "occurrence": f"sample:{self.contact_id}:{mail.journey}:{mail.step}",
            "contact_id": self.contact_id,
            "journey": mail.journey,
            "step": mail.step,
            "channel": "email",
            "purpose": "marketing",
            "message_class": "promotional",
            "subject": mail.subject,
            "text": _LETTER.format(first_name=self.person.name[0], subject=mail.subject),
            "due_at": now,
            "created_at": now,
            "updated_at": now,
        }
        await self.session.execute(insert(OutboxMessage).values({**row, **columns}))
        return outbox_id

    async def _asleep(self, deed: Deed, now: datetime) -> None:
        """Has them stand in a journey where it is published, where somebody waits in it, for a month at least."""
        journey = str(deed.asleep)
        there = (await self.world.library.live(self.session, [journey])).get(journey)
        if there is None:
            return
        await enter(self.session, self.world.library, there, [Entrant(self.contact_id, self.talk_id)], now)
        # How many came in is counted of real people only. Nobody real came in at this very moment long ago.
        counted = (TimelineEvent.kind == WALKED, TimelineEvent.received_at == now, TimelineEvent.contact_id.is_(None))
        await self.session.execute(delete(TimelineEvent).where(*counted))
        waits = [name for name, step in there.definition.steps.items() if step.step.startswith("wait")]
        standing = {"step": waits[self.person.since % len(waits)], "begun_at": now} if waits else {}
        await self.session.execute(
            update(Enrolment)
            .where(Enrolment.contact_id == self.contact_id, Enrolment.state == "active")
            .values(due_at=self.world.made_at + _ASLEEP + timedelta(days=self.person.since), **standing)
            .execution_options(synchronize_session=False)
        )

    async def _take_in(self, kind: str, properties: Mapping[str, Any], now: datetime) -> None:
        given = GivenEvent(kind=kind, about=About(contact=self.contact_id), occurred_at=now, properties=properties)
        await take_in(self.session, self.world.keys, [given], Giver("api", _SOURCE), max(now, self.world.made_at))

    async def _note(self, kind: str, data: Mapping[str, Any], now: datetime, talk_id: UUID | None = None) -> None:
        at = min(now, self.world.made_at)
        await record(self.session, kind=kind, contact_id=self.contact_id, conversation_id=talk_id, data=data, now=at)

    def _sold(self) -> dict[str, Any]:
        assert self.person.buys is not None  # the content is checked
        value, currency = self.person.buys
        return {"order": f"order-{self.name}", "value": value, "currency": currency}

    def _addresses(self) -> dict[AddressKind, str]:
        known: dict[AddressKind, str | None] = {
            "email": self.person.address,
            "phone": self.person.phone,
            "telegram": self.person.telegram,
        }
        return {kind: value for kind, value in known.items() if value is not None}


def _mail_of(mail: Mail | None) -> Mail:
    assert mail is not None
    return mail


def _filled(data: Mapping[str, Any], **words: str) -> dict[str, Any]:
    return {name: value.format(**words) if isinstance(value, str) else value for name, value in data.items()}
