"""Checks of what a site speaks to: dialogue processes, mail server, providers. Sends nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from admin.channels.ports import ChannelSetup
from base.database import Sessions
from base.encryption import KeyRing
from base.errors import ParleyError
from bot.dialogue import MemorySource, RasaDialogue, ReplicaHealth
from bot.publishing.contents import NOTHING, find_live
from channels.email.handover import reach_server
from channels.email.settings import parse_smtp_url
from outreach.accounts.service import Account, list_accounts
from server.doctor.findings import Finding, fine, skipped, worth_a_look, wrong
from server.settings import Settings


async def check_dialogue(settings: Settings, sessions: Sessions) -> list[Finding]:
    """Each dialogue process: whether it answers, and holds what is live."""
    urls, secret = settings.rasa_addresses, settings.rasa_secret
    if not urls or secret is None:
        remedy = "Start `parley up`, or set PARLEY_RASA_URLS and PARLEY_RASA_SECRET as the web processes have them."
        return [wrong("dialogue", "It is not known where the dialogue processes are.", remedy)]
    dialogue = RasaDialogue(urls, secret.get_secret_value(), MemorySource())
    await dialogue.open()
    try:
        health = await dialogue.health()
    finally:
        await dialogue.close()
    try:
        async with sessions() as session:
            published = await find_live(session)
    except (OSError, SQLAlchemyError):
        published = NOTHING
    live = None if published == NOTHING else (published.flows_version, published.model_id)
    return [_dialogue(url, found, live) for url, found in health.items()]


def _dialogue(url: str, health: ReplicaHealth | None, live: tuple[str, str] | None) -> Finding:
    if health is None:
        remedy = "Is it running there, with the same PARLEY_RASA_SECRET? While none answers, people get a person."
        return wrong("dialogue", f"{url} does not answer within 2 seconds.", remedy)
    if live is None:
        remedy = "parley flows publish"
        return worth_a_look("dialogue", f"{url} answers, but it is not known what is live.", remedy)
    flows, model = live
    if model in health.models and flows in health.flows:
        return fine("dialogue", f"{url} answers and holds what is live (flows {flows}, model {model[:12]}).")
    missing = "the model" if model not in health.models else "the flows"
    return fine("dialogue", f"{url} answers; it is given {missing} that are live with the next turn.")


async def check_mail_server(settings: Settings) -> Finding:
    """Whether the mail server lets us in. Nothing is handed over."""
    if settings.smtp_url is None:
        return skipped("mail server", "None is set (PARLEY_SMTP_URL): e-mail stays off, or goes to the trial mailbox.")
    try:
        server = parse_smtp_url(settings.smtp_url.get_secret_value())
    except ParleyError as error:
        return wrong("mail server", error.message, "Mend PARLEY_SMTP_URL.")
    problem = await reach_server(server)
    where = f"{server.host}:{server.port}"
    if problem is not None:
        return wrong("mail server", f"{where}: {problem}", "Is PARLEY_SMTP_URL right, and may this machine go there?")
    return fine("mail server", f"{where} lets us in.")


async def check_channels(
    sessions: Sessions, keys: KeyRing, setups: Mapping[str, ChannelSetup], public_url: str
) -> list[Finding]:
    """What `parley channels check` finds, the worst line of each account."""
    try:
        async with sessions() as session:
            accounts = await list_accounts(session, keys, channel=None, enabled_only=True)
    except (OSError, SQLAlchemyError, ParleyError):
        return [skipped("channels", "The accounts cannot be read.")]
    if not accounts:
        return [skipped("channels", "No account is set up (`parley channels add`); the web chat needs none.")]
    return [await _channel(account, setups, public_url) for account in accounts]


async def _channel(account: Account, setups: Mapping[str, ChannelSetup], public_url: str) -> Finding:
    name = f"{account.channel} {account.name}"
    try:
        findings = await setups[account.channel].check(account, public_url=public_url)
    except Exception as error:  # noqa: BLE001  # one provider's fault must not hide the other findings
        return wrong(
            name, f"It could not be checked ({type(error).__name__}).", f"parley channels check {account.channel}"
        )
    worst = next((one for level in ("missing", "warning") for one in findings if one.level == level), None)
    if worst is None:
        return fine(name, "In order.")
    remedy = worst.remedy or f"parley channels check {account.channel}"
    return wrong(name, worst.text, remedy) if worst.level == "missing" else worth_a_look(name, worst.text, remedy)
