"""The gate with what it needs at hand, for whoever sends and for whoever asks whether something may be sent."""

from __future__ import annotations

from collections.abc import Iterable

from outreach.accounts.book import AccountBook
from outreach.gatekeeper import Gatekeeper
from outreach.ports import Sender
from outreach.prices import read_prices
from outreach.rule_pack import read_rule_pack
from outreach.spending.rules import Ceiling
from server.settings import Settings
from server.wiring import Platform


def create_gatekeeper(platform: Platform, accounts: AccountBook, senders: Iterable[Sender]) -> Gatekeeper:
    """The gate of this site."""
    settings = platform.settings
    return Gatekeeper(
        read_rule_pack(own=settings.content_dir / "jurisdictions"),
        {sender.channel: sender for sender in senders},
        (settings.default_time_zone,),
        accounts,
        platform.keys,
        prices=read_prices(settings.content_dir / "prices.yml"),
        countries=settings.countries,
        ceiling=create_ceiling(settings),
    )


def create_ceiling(settings: Settings) -> Ceiling:
    """The most that texts and calls may cost."""
    return Ceiling(settings.spend_a_day or None, settings.spend_a_month or None)
