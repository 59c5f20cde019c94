"""The web process: the chat, the unsubscribe page, the admin API and UI, the demo site, health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import procrastinate
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import OperationalError

from admin.api.problems import problem_middleware
from admin.app import create_admin_routes
from admin.context import AdminContext
from admin.flows.desk import FlowDesk
from admin.inbox.sending import Replies
from admin.journeys.desk import JourneyDesk
from admin.stream.feed import Feed
from bot.connectors.callbacks import CallbackReceiver
from bot.connectors.callbacks import routes as callback_routes
from bot.dialogue import RasaDialogue
from bot.intake.service import Intake
from bot.presence import Presence
from bot.publishing.live import NothingPublished, PublishedFlows
from bot.publishing.source import PublishedSource
from bot.turns import TurnService, TurnSettings
from bot.warming import warm_up
from channels.email.webhook import STYLE_PATH, UnsubscribePages
from channels.email.webhook import routes as unsubscribe_routes
from channels.web.chat import WebChat, WebChatSettings
from channels.web.hub import Hub
from channels.web.limits import ChatLimits, Rates
from channels.web.number_work import NumberWork
from channels.web.tag.routes import TagEventsHandler
from channels.web.tag.routes import routes as tag_routes
from channels.web.tokens import VisitorTokens
from crm.consent.confirmation_page import ConfirmationPages
from crm.consent.confirmation_page import routes as confirmation_routes
from crm.consent.routes import LedgerPages
from crm.consent.routes import routes as ledger_routes
from crm.events.webhook import WebhookEvents
from crm.events.webhook import routes as webhook_routes
from crm.meetings.booking import confirm_meeting
from crm.privacy.pages.routes import routes as privacy_routes
from outreach.accounts.book import AccountBook
from outreach.alarm import create_alarm, create_connector, wake
from outreach.confirmed import bring_forward
from outreach.prices import read_prices
from outreach.rule_pack import read_rule_pack
from server.calendars import create_meeting_routes, wake_calendars
from server.channels import (
    Incoming,
    channel_attachments,
    channel_links,
    channel_loops,
    channel_routes,
    channel_senders,
    channel_setups,
    letter_looks,
)
from server.gate import create_ceiling, create_gatekeeper
from server.journey_laboratory import ScratchLaboratory
from server.metrics.observing import observed
from server.metrics.requests import watch_requests
from server.proxies import behind_proxies
from server.schema import check_schema_of
from server.settings import ROOT, SettingsProblem
from server.wiring import (
    AlarmedFollowUps,
    Platform,
    create_answers,
    create_busy_feeds,
    create_colleague_mail,
    create_issuer,
    create_needs,
    create_privacy_pages,
    create_provider,
    create_senders,
    database_url,
)
from server.woken_jobs import BULK, IMPORTS, PUBLISHING, SAMPLES, SCORES, SEGMENTS, UNDERSTANDING, wake_worker

log = structlog.get_logger(__name__)

SITE = ROOT / "channels" / "web" / "site"
WIDGET = ROOT / "channels" / "web" / "widget" / "dist" / "widget.js"
SWEEP_EVERY = 1.0
"""Seconds between looks for messages that a dead process left unanswered."""
MAX_BODY = 65_536
_SITE_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: https:; media-src https:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)

_turns = web.AppKey("turns", TurnService)
_dialogue = web.AppKey("dialogue", RasaDialogue)
_intake = web.AppKey("intake", Intake)
_incoming = web.AppKey("incoming", Incoming)
_hub = web.AppKey("hub", Hub)
_feed = web.AppKey("feed", Feed)
_live = web.AppKey("live", PublishedFlows)
_alarm = web.AppKey("alarm", procrastinate.App)
_platform = web.AppKey("platform", Platform)
_laboratory = web.AppKey("laboratory", ScratchLaboratory)


def create_web_app(platform: Platform, *, alone: bool = False) -> web.Application:
    """Everything the web process serves. alone: the process does nothing else, see `warm_up`."""
    settings = platform.settings
    if settings.rasa_secret is None or not settings.rasa_addresses:
        raise SettingsProblem("PARLEY_RASA_URLS and PARLEY_RASA_SECRET are needed: where the dialogue runs.")
    alarm = create_alarm(create_connector(database_url(settings)))
    presence = Presence()
    hub = Hub(database_url=database_url(settings), process_id=platform.process_id, presence=presence)
    live = PublishedFlows(platform.sessions, database_url(settings))
    source = PublishedSource(platform.sessions)
    dialogue = RasaDialogue(settings.rasa_addresses, settings.rasa_secret.get_secret_value(), source)
    accounts = AccountBook(platform.sessions, platform.keys)
    turns = TurnService(
        sessions=platform.sessions,
        dialogue=dialogue,
        live=live,
        needs=create_needs(platform, channel_links(accounts)),
        follow_ups=AlarmedFollowUps(alarm),
        watchers=hub,
        keys=platform.keys,
        clock=platform.clock,
        wording=live.wording,
        confirm_meeting=confirm_meeting,
        answers=create_answers(),
        settings=TurnSettings(settings.company_name, platform.process_id),
        presence=presence,
    )
    intake = Intake(
        sessions=platform.sessions,
        turns=turns,
        keys=platform.keys,
        clock=platform.clock,
        attachments=channel_attachments(platform, accounts),
    )
    limits = ChatLimits(
        platform.sessions,
        platform.keys,
        Rates(
            settings.chat_messages_a_minute,
            settings.chat_sessions_a_minute,
            settings.chat_all_sessions_a_minute,
            settings.chat_numbers_an_hour,
        ),
    )
    chat = WebChat(
        sessions=platform.sessions,
        turns=turns,
        hub=hub,
        tokens=VisitorTokens(platform.keys),
        clock=platform.clock,
        limits=limits,
        settings=WebChatSettings(settings.origins),
        work=NumberWork(
            platform.sessions, platform.keys, platform.clock, limits, settings.default_region, partial(wake, alarm)
        ),
    )
    app = web.Application(
        middlewares=[behind_proxies(settings.proxies), _headers, watch_requests, problem_middleware],
        client_max_size=MAX_BODY,
    )
    app[_alarm], app[_live], app[_intake] = alarm, live, intake
    app[_platform], app[_hub], app[_dialogue], app[_turns] = platform, hub, dialogue, turns
    chat.add_to(app)
    app.add_routes(
        unsubscribe_routes(UnsubscribePages(platform.sessions, platform.keys, platform.clock, settings.company_name))
    )
    app.add_routes(
        ledger_routes(LedgerPages(platform.sessions, platform.keys, platform.clock, create_issuer(settings)))
    )
    app.add_routes(
        confirmation_routes(
            ConfirmationPages(
                platform.sessions, platform.keys, platform.clock, settings.company_name, STYLE_PATH, bring_forward
            )
        )
    )
    app.add_routes(privacy_routes(create_privacy_pages(platform, alarm)))
    app[_incoming] = Incoming(platform, accounts, intake, turns)
    app.add_routes(channel_routes(app[_incoming]))
    tag = TagEventsHandler(
        platform.sessions, VisitorTokens(platform.keys), platform.clock, settings.origins, limits.events
    )
    app.add_routes(tag_routes(tag))
    app.add_routes(webhook_routes(WebhookEvents(platform.sessions, platform.keys, platform.clock)))
    app.add_routes(callback_routes(CallbackReceiver(platform.sessions, platform.clock)))
    app.add_routes(create_meeting_routes(platform, alarm))
    laboratory = ScratchLaboratory(
        partial(read_rule_pack, own=settings.content_dir / "jurisdictions"), settings.default_time_zone
    )
    app[_laboratory] = laboratory
    app[_feed] = Feed()
    app.on_shutdown.append(app[_feed].close)
    app.add_routes(
        create_admin_routes(
            AdminContext(
                platform.sessions,
                platform.keys,
                platform.clock,
                settings.site_url,
                facts=dialogue,
                wake_understanding=partial(wake_worker, alarm, UNDERSTANDING),
                wake_imports=partial(wake_worker, alarm, IMPORTS),
                wake_scores=partial(wake_worker, alarm, SCORES),
                wake_segments=partial(wake_worker, alarm, SEGMENTS),
                wake_samples=partial(wake_worker, alarm, SAMPLES),
                wake_bulk=partial(wake_worker, alarm, BULK),
                meanings=dialogue,
                flows=FlowDesk(dialogue, source, partial(wake_worker, alarm, PUBLISHING)),
                imports_folder=settings.imports_folder,
                company_name=settings.company_name,
                postal_address=settings.postal_address,
                mail_folder=settings.mail_folder,
                replies=_create_replies(platform, accounts, alarm),
                feed=app[_feed],
                busy_feeds=create_busy_feeds(platform),
                calendars_private=settings.calendars_private,
                wake_calendars=partial(wake_calendars, alarm),
                channels=channel_setups(),
                provider=create_provider(platform),
                colleague_mail=create_colleague_mail(platform),
                journeys=JourneyDesk(laboratory, letter_looks(platform)),
                prices=read_prices(settings.content_dir / "prices.yml"),
                ceiling=create_ceiling(settings),
                time_zone=settings.default_time_zone,
                webhooks_private=settings.webhooks_private,
            )
        )
    )
    app.add_routes([*_site_routes(), web.get("/healthz", _alive), web.get("/readyz", _ready)])
    app.cleanup_ctx.extend([_connections, _observed, partial(_background, alone=alone)])
    return app


def _create_replies(platform: Platform, accounts: AccountBook, alarm: procrastinate.App) -> Replies:
    """What sends the answers of colleagues, which the gate is asked about while they are written."""
    every = (*create_senders(platform, accounts), *channel_senders(platform, accounts))
    return Replies(create_answers(), create_gatekeeper(platform, accounts, every), partial(wake, alarm))


async def _connections(app: web.Application) -> AsyncIterator[None]:
    await check_schema_of(app[_platform])
    await app[_dialogue].open()
    async with app[_alarm].open_async():
        yield
    await app[_laboratory].close()
    await app[_dialogue].close()
    await app[_platform].engine.dispose()


async def _observed(app: web.Application) -> AsyncIterator[None]:
    async with observed(app[_platform], "web", replicas=app[_dialogue].replicas):
        yield


async def _background(app: web.Application, *, alone: bool) -> AsyncIterator[None]:
    with suppress(NothingPublished):
        # Later it is heard of; until then chats are taken and wait.
        await app[_live].refresh()
    # As long as turns are in hand, the others must see that this process lives.
    listening = asyncio.create_task(app[_hub].listen())
    loops = (
        app[_feed].listen(database_url(app[_platform].settings)),
        app[_live].listen(),
        app[_dialogue].watch(),
        _sweep(app[_turns], app[_intake]),
        *channel_loops(app[_incoming]),
        warm_up(for_good=alone),
    )
    tasks = [asyncio.create_task(loop) for loop in loops]
    yield
    await _end(tasks)
    # What the last look began.
    await app[_turns].drain()
    await _end([listening])


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sweep(turns: TurnService, intake: Intake) -> None:
    while True:
        await asyncio.sleep(SWEEP_EVERY)
        try:
            await intake.resume()
            await turns.resume_waiting(patience=SWEEP_EVERY)
        except OperationalError as error:
            # Each second while the database is away: one line, not a stack.
            log.warning("sweep_failed", error=type(error.orig).__name__)
        except Exception:
            # The loop boundary: the next look finds what is left.
            log.exception("sweep_failed")


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _ready(request: web.Request) -> web.Response:
    """Ready when the database answers and fits, and there is somebody to answer, or words to say that there is not."""
    await check_schema_of(request.app[_platform])
    try:
        _ = request.app[_live].current
    except NothingPublished:
        if not any((await request.app[_dialogue].health()).values()):
            raise
    return web.json_response({"status": "ok"})


@web.middleware
async def _headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        response.headers.setdefault("Content-Security-Policy", _SITE_POLICY)
    return response


def _site_routes() -> list[web.RouteDef]:
    """The demo site and the widget: a closed list of files, nothing else of the folder."""
    files = {
        "/": SITE / "index.html",
        "/site.css": SITE / "site.css",
        "/site.js": SITE / "site.js",
        "/favicon.svg": SITE / "favicon.svg",
        "/widget.js": WIDGET,
    }
    return [web.get(path, _file(file)) for path, file in files.items()]


def _file(path: Path) -> Handler:
    async def serve(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    return serve
