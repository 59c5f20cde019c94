"""Whoever types somebody's address in the chat is not told what we know of that person."""

from __future__ import annotations

from base.database import transaction
from base.ids import new_id
from crm.contacts.service import create_contact, resolve_captured_address


async def test_a_follow_up_with_a_contacts_name_does_not_go_into_a_strangers_chat(site, journey):
    send = {"step": "send", "channels": ["web", "email"], "purpose": "service", "next": [{"to": "done"}]}
    await site.publish(journey({"ask": send, "done": {"step": "exit"}}))
    ada = await site.contact("ada@example.com", fields={"first_name": "Ada"})
    own = await site.talk(ada)
    async with transaction(site.sessions) as session:
        visitor, strangers = await create_contact(session, time_zone=None, now=site.clock.now()), new_id()
        joined = await resolve_captured_address(
            session,
            site.keys,
            visitor,
            kind="email",
            value="ada@example.com",
            conversation_id=strangers,
            now=site.clock.now(),
        )
    assert joined.contact_id == ada
    await site.talk(ada, conversation_id=strangers)

    await site.enrol(ada, "follow_up", strangers)
    await site.pump.run_once()
    assert site.web.sent == []
    assert [envelope.address for envelope in site.email.sent] == ["ada@example.com"]
    refused = next(message for message in await site.outbox(ada) if message.channel == "web")
    assert (refused.state, refused.reason_rule) == ("skipped", "own_conversation")

    in_own_chat = await site.put(ada, channel="web", message_class="web", purpose="service", conversation_id=own)
    await site.pump.run_once()
    assert (await site.message(in_own_chat)).state == "accepted"
