"""A message in doubt is looked for at its provider; what the provider has, has left, and nothing is sent again."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from base.database import transaction
from outreach.looking import Looking
from outreach.outcomes import write_outcomes
from outreach.ports import Accepted, InDoubt, ProviderAway


class ListingProvider:
    """A provider that tells what it has."""

    channel = "email"

    def __init__(self, *ids: str) -> None:
        self.ids, self.asked, self.is_away = ids, [], False

    def configured(self) -> None:
        return None

    async def send(self, envelope):
        raise AssertionError("nothing is sent again")

    async def find_sent(self, sought):
        self.asked.append(sought)
        if self.is_away:
            raise ProviderAway
        return self.ids


@pytest.fixture
async def doubtful(site):
    contact_id = await site.contact("ann@example.com")
    outbox_id = await site.put(contact_id)
    (message,) = (await site.claim()).messages
    async with transaction(site.sessions) as session:
        await write_outcomes(session, [(message, InDoubt("No answer."))], site.clock.now())
    return contact_id, outbox_id


async def look(site, provider) -> int:
    return await Looking(site.sessions, site.keys, {"email": provider, "web": site.web}).do_due(site.clock.now())


async def test_what_the_provider_has_is_accepted_and_the_timeline_says_so(site, doubtful, oracle):
    contact_id, outbox_id = doubtful
    provider = ListingProvider("P7")
    assert await look(site, provider) == 0
    site.clock.forward(minutes=5)
    assert await look(site, provider) == 1
    row = await site.message(outbox_id)
    assert (row.state, row.provider_id) == ("accepted", "P7")
    assert [kind for kind, _ in await site.timeline(contact_id)].count("message_sent") == 1
    (sought,) = provider.asked
    assert (sought.address, sought.text) == ("ann@example.com", "Good day")
    await oracle(site.sessions, site.clock.now())


async def test_what_is_in_no_list_is_looked_for_twice_and_stays_in_doubt(site, doubtful):
    provider = ListingProvider()
    for _ in range(10):
        site.clock.forward(minutes=30)
        await look(site, provider)
    assert len(provider.asked) == 2
    assert (await site.message(doubtful[1])).state == "unknown"
    looking = Looking(site.sessions, site.keys, {"email": provider})
    assert await looking.next_due_at() is None


async def test_another_message_of_the_same_words_is_not_taken_for_it(site, doubtful):
    contact_id, outbox_id = doubtful
    other = await site.put(contact_id)
    site.email.answer = lambda envelope: Accepted("P7")
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(other)).provider_id == "P7"
    site.clock.forward(minutes=5)
    assert await look(site, ListingProvider("P7")) == 0
    assert (await site.message(outbox_id)).state == "unknown"


async def test_a_provider_that_is_away_is_asked_again_later(site, doubtful):
    provider = ListingProvider("P7")
    provider.is_away = True
    site.clock.forward(minutes=5)
    with capture_logs() as logs:
        assert await look(site, provider) == 0
    assert "provider_not_asked" in [one["event"] for one in logs]
    provider.is_away = False
    site.clock.forward(minutes=5)
    assert await look(site, provider) == 1


async def test_a_channel_whose_provider_lists_nothing_is_left_in_doubt(site, doubtful):
    site.clock.forward(minutes=5)
    assert await Looking(site.sessions, site.keys, {"email": site.email}).do_due(site.clock.now()) == 0
    assert (await site.message(doubtful[1])).state == "unknown"
