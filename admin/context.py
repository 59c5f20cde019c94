"""What every admin handler is given by the composition root. Holds no logic of requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from admin.channels.ports import ChannelSetup
from admin.flows.desk import FlowDesk
from admin.follow_ups.outlook import JourneyOutlooks
from admin.inbox.sending import Replies
from admin.journeys.desk import JourneyDesk
from admin.sessions.passwords import Passwords
from admin.single_sign_on.provider import Provider
from admin.stream.feed import Feed
from admin.task_mails.ports import ColleagueMail
from admin.users.errands import Errands
from base.clock import Clock
from base.database import Sessions
from base.encryption import KeyRing
from bot.knowledge.filling import VectorSource
from bot.understanding.ports import FactFinder, Wake
from crm.meetings.feeds import BusyFeeds
from outreach.prices import PriceList, read_prices
from outreach.spending.rules import Ceiling

UI_BUILD = Path(__file__).parent / "ui" / "dist"


async def _nobody_is_woken() -> None:
    return None


@dataclass(frozen=True)
class AdminContext:
    """The admin room's collaborators.

    `public_url` is the site's address as browsers see it: its scheme decides whether cookies are Secure, its origin
    which pages may send commands. `facts` reads what in a text tells who wrote it, `wake_understanding` has a worker
    look at the gaps list, `wake_imports` at imports, whose files are in `imports_folder`, `wake_scores` at
    scores, `wake_segments` at segments, `wake_bulk` at bulk operations, `wake_samples` at the sample workspace;
    `meanings` tells what texts in rules mean;
    `flows` is what the flow editor works with. `company_name` and
    `postal_address` stand in proofs and receipts. `mail_folder` is where mails are filed while there is no mail server:
    those of somebody who is erased go, too. `replies` sends what colleagues answer, `feed` tells pages what is new;
    `busy_feeds` keeps at hand when colleagues are busy. `channels` are those that have accounts, with their set-up.
    `colleague_mail` is what users get their links by; `errands` are mails that nobody waits for.
    `provider` is where people sign in beside by password. `webhooks_private` lets webhooks be sent into our own
    network, `calendars_private` calendars be there; `wake_calendars` has a worker write them. `prices` is what messages
    cost, `ceiling` the most that texts and calls may, `journeys` what the journey editor works with.
    `time_zone` is the company's own.
    """

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    public_url: str
    facts: FactFinder
    wake_understanding: Wake
    wake_imports: Wake
    imports_folder: Path
    wake_scores: Wake
    wake_segments: Wake
    wake_bulk: Wake
    meanings: VectorSource
    flows: FlowDesk
    company_name: str = ""
    postal_address: str = ""
    mail_folder: Path | None = None
    ui_build: Path = UI_BUILD
    passwords: Passwords = field(default_factory=Passwords)
    colleague_mail: ColleagueMail | None = None
    provider: Provider | None = None
    errands: Errands = field(default_factory=Errands)
    outlooks: JourneyOutlooks = field(default_factory=JourneyOutlooks)
    replies: Replies = field(default_factory=Replies)
    feed: Feed = field(default_factory=Feed)
    busy_feeds: BusyFeeds | None = None
    webhooks_private: bool = False
    calendars_private: bool = False
    wake_calendars: Callable[[], Awaitable[object]] | None = None
    channels: Mapping[str, ChannelSetup] = field(default_factory=dict)
    journeys: JourneyDesk = field(default_factory=JourneyDesk)
    prices: PriceList = field(default_factory=read_prices)
    ceiling: Ceiling = field(default_factory=Ceiling)
    time_zone: str = "UTC"
    wake_samples: Wake = _nobody_is_woken
