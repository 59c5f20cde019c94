"""Delivery in the test's own process, over a scene's database and provider."""

from __future__ import annotations

from channels.sms.sender import SMSSender
from outreach.accounts.book import AccountBook
from outreach.delivery import Delivery
from outreach.gatekeeper import Gatekeeper
from outreach.rule_pack import read_rule_pack
from tests.faults.harried_worker import KEYS
from tests.faults.test_kills import Scene


async def delivery_of(here: Scene) -> Delivery:
    accounts = AccountBook(here.sessions, KEYS)
    await accounts.refresh()
    senders = {"sms": SMSSender(accounts, here.orders.public_url)}
    gatekeeper = Gatekeeper(read_rule_pack(), senders, ("America/New_York",), accounts, KEYS)
    return Delivery(here.sessions, KEYS, gatekeeper, claimed_at_once=8)
