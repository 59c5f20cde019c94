"""Poison in every field, from every side: then each page, the widget and each mail are opened in a real browser.

Nothing of it may run, become an element, ask a stranger for anything or break the content policy. The web process is
the whole one, on a database of its own; who answers in the talks is a script.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, Response, expect
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from admin.app import describe_api
from base.database import transaction
from base.ids import new_id
from bot.models import Conversation
from channels.email.message import build_html
from channels.email.settings import EmailSettings
from channels.telegram.settings import webhook_secret
from crm.contacts.models import Contact
from outreach.accounts.service import save_account
from outreach.ports import Envelope
from tests.bot.scripted_dialogue import scripted_dialogue
from tests.conftest import fresh_database
from tests.journey_of_a_lead.test_tour import FURTHER, PLACES
from tests.journey_of_a_lead.visitor import WAIT
from tests.poison import PRODUCT, SHOWN, STRANGER, Description, filled, fitting, places, with_text
from tests.server.full_set_up import COMMAND, FullSetUp, full_set_up

NOT_SENT = {"log_out", "change_password", "set_up", "log_in", "change_sign_in_rules", "carry_out_privacy_request"}
TWILIO_SID, TWILIO_TOKEN, OURS = "AC" + "5a" * 16, "a token that nobody else knows", "+447700900100"
BOT_TOKEN = "7390184265:AAF-a-token-of-a-bot-that-is-nobodys"
HOOK_TOKEN = "what the mail server shows"
_WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
_FOUND = """() => {
  const found = [...window.violations];
  if (window.poisoned) found.push('a script of the text ran');
  const look = (root) => {
    for (const one of root.querySelectorAll('*')) {
      if (one.hasAttribute('data-poison')) found.push(`made ${one.outerHTML.slice(0, 200)}`);
      for (const name of ['href', 'src', 'action', 'formaction', 'srcdoc']) {
        const value = one.getAttribute(name) ?? '';
        if (/^\\s*javascript:/i.test(value) || value.includes('STRANGER')) found.push(`leads to ${value}`);
      }
      if (one.shadowRoot) look(one.shadowRoot);
    }
  };
  look(document);
  if (document.body?.innerText.includes('PRODUCT')) found.push('braces were carried out');
  return found;
}""".replace("STRANGER", STRANGER).replace("PRODUCT", PRODUCT)


class Watch:
    """What a browser does that it should not."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self._site = site
        self.complaints: list[str] = []
        self.pages = 0
        context.on("dialog", lambda dialog: asyncio.ensure_future(self._close(dialog)))
        context.on("request", self._asked)
        context.on("response", self._answered)

    async def _close(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._site, "data:", "blob:", "about:", self._site.replace("http", "ws"))):
            self.complaints.append(f"asked {request.url}")

    def _answered(self, response: Response) -> None:
        if response.request.resource_type != "document" or not response.url.startswith(self._site):
            return
        policy = response.headers.get("content-security-policy", "")
        self.pages += 1
        if "default-src" not in policy or "unsafe" in policy:
            self.complaints.append(f"{response.url} has the policy {policy!r}")

    async def look(self, page: Page) -> None:
        """Notes what was made of the texts in the page as it stands."""
        self.complaints += [f"{page.url}: {one}" for one in await page.evaluate(_FOUND)]


async def watched(browser: Browser, set_up: FullSetUp) -> tuple[Watch, Page]:
    """A browser of the owner's, watched from the first page on."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    await context.add_init_script(_WATCH)
    site = set_up.platform.settings.site_url
    cookie = set_up.owner.session.cookie_jar.filter_cookies(set_up.owner.make_url("/"))["parley_session"]
    await context.add_cookies([{"name": "parley_session", "value": cookie.value, "url": site}])
    return Watch(context, site), await context.new_page()


@pytest.fixture(scope="module")
async def poisoned(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FullSetUp]:
    """A set-up that was sent poison by everything that can be written to."""
    folder = tmp_path_factory.mktemp("poisoned")
    with fresh_database(postgres_url) as url:
        async with scripted_dialogue() as dialogue, full_set_up(url, dialogue, folder) as set_up:
            assert await send_everything(set_up) > 100, "most commands took some of it"
            await send_by_channels(set_up)
            await send_events_and_a_table(set_up)
            await set_up.settle()
            yield set_up


async def send_everything(set_up: FullSetUp) -> int:
    """Every text in every field of every command that has a field for texts; returns how often it was taken."""
    description, fits, taken = Description(describe_api()), fitting(set_up.made), 0
    for method, path, operation in description.commands():
        name = operation["operationId"]
        body = fits.get(name) or description.example(operation)
        for at in () if name in NOT_SENT else places(body):
            for text in SHOWN.values():
                sent = await set_up.ask(
                    method, filled(path, set_up.made), with_text(body, at, text), **{"If-Match": '"1"'}
                )
                assert sent.status != 500, (name, await sent.text())
                taken += sent.status < 300
    return taken


async def send_by_channels(set_up: FullSetUp) -> None:
    """People write it: in texts, in Telegram under such a name, in mails with such subjects and names, in chats."""
    ids = await bring_in(set_up)
    for number, text in enumerate(SHOWN.values()):
        await send_text(set_up, ids["sms"], f"+44770090020{number}", text)
        await send_update(set_up, ids["telegram"], number, text)
        await send_mail(set_up, ids["email"], f"m{number}@mails.example", text)
    site = set_up.platform.settings.site_url
    opening = {"page_url": f"{site}/?utm_source={SHOWN['img']}", "language": SHOWN["script"], "time_zone": SHOWN["svg"]}
    answer = await set_up.owner.post("/chat/session", json=opening, headers={"Origin": site})
    assert answer.status == 200, await answer.text()
    told = {"Authorization": f"Bearer {(await answer.json())['token']}", "Origin": site}
    for text in SHOWN.values():
        said = {"type": "message", "client_id": str(uuid4()), "text": text}
        answer = await set_up.owner.post("/chat/messages", json=said, headers=told)
        assert answer.status < 300, await answer.text()
        seen = {"events": [{"kind": "page_viewed", "url": f"{site}/{text}?utm_source={text}", "title": text}]}
        answer = await set_up.owner.post("/chat/events", json=seen, headers=told)
        assert answer.status != 500, await answer.text()


async def bring_in(set_up: FullSetUp) -> dict[str, UUID]:
    """Accounts of the channels that people write by."""
    sms = {"account_sid": TWILIO_SID, "address": OURS}
    told: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
        "sms": (OURS, sms, {"auth_token": TWILIO_TOKEN}),
        "telegram": ("@poison_bot", {"mode": "webhook"}, {"token": BOT_TOKEN}),
        "email": ("talk@site.example", {"authserv_id": "mx.site.example"}, {"hook_token": HOOK_TOKEN}),
    }
    ids = {}
    async with transaction(set_up.platform.sessions) as session:
        for channel, (address, settings, secrets) in told.items():
            ids[channel] = await save_account(
                session, set_up.platform.keys, channel=channel, name="poison", address=address, settings=settings,
                secrets=secrets, now=set_up.platform.clock.now(),
            )  # fmt: skip
    return ids


async def send_text(set_up: FullSetUp, account: UUID, phone: str, text: str) -> None:
    path = f"/hooks/sms/{account}/inbound"
    form = {
        "AccountSid": TWILIO_SID, "MessageSid": "SM" + uuid4().hex, "From": phone, "To": OURS, "Body": text,
        "NumMedia": "0",
    }  # fmt: skip
    signed = RequestValidator(TWILIO_TOKEN).compute_signature(f"{set_up.platform.settings.site_url}{path}", form)
    answer = await set_up.owner.post(path, data=form, headers={"X-Twilio-Signature": signed})
    assert answer.status == 200, await answer.text()


async def send_update(set_up: FullSetUp, account: UUID, number: int, text: str) -> None:
    person = {"id": 7_000 + number, "is_bot": False, "first_name": text, "last_name": text, "username": f"p{number}"}
    message = {
        "message_id": 1, "date": 1_795_000_000, "chat": {"id": 7_000 + number, "type": "private", "first_name": text},
        "from": person, "text": text,
    }  # fmt: skip
    answer = await set_up.owner.post(
        f"/hooks/telegram/{account}/updates", json={"update_id": 50 + number, "message": message},
        headers={"X-Telegram-Bot-Api-Secret-Token": webhook_secret(account, BOT_TOKEN)},
    )  # fmt: skip
    assert answer.status == 200, await answer.text()


async def send_mail(set_up: FullSetUp, account: UUID, address: str, text: str) -> None:
    mail = EmailMessage()
    mail["Authentication-Results"] = "mx.site.example; dmarc=pass header.from=mails.example"
    name = text.replace("\\", "").replace('"', "'")
    mail["From"], mail["To"] = f'"{name}" <{address}>', "talk@site.example"
    mail["Subject"], mail["Message-ID"] = text, make_msgid(domain="mails.example")
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p>", subtype="html")
    answer = await set_up.owner.post(
        f"/hooks/email/{account}/mail", data=mail.as_bytes(), headers={"Authorization": f"Bearer {HOOK_TOKEN}"}
    )
    assert answer.status < 300, await answer.text()


async def send_events_and_a_table(set_up: FullSetUp) -> None:
    """Programs tell it of people, and a file of people has such headings and cells."""
    token = {"Authorization": f"Bearer {set_up.event_token}"}
    for number, text in enumerate(SHOWN.values()):
        event = {
            "id": f"e{number}", "kind": "page_viewed", "about": {"contact": set_up.made["contact"]},
            "properties": {"url": f"https://shop.example/?utm_source={text}", "title": text, "referrer": text},
        }  # fmt: skip
        answer = await set_up.ask("POST", "/api/v1/events", {"events": [event]}, **token)
        assert answer.status != 500, await answer.text()
    rows = [["email", "first name", *SHOWN.values()]]
    rows += [[f"t{at}@table.example", text, *([text] * len(SHOWN))] for at, text in enumerate(SHOWN.values())]
    table = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    answer = await set_up.owner.post(
        "/api/v1/imports", params={"name": SHOWN["img"]}, data=table, headers={**COMMAND, "Content-Type": "text/csv"}
    )
    assert answer.status == 201, await answer.text()
    set_up.made["import"] = (await answer.json())["imported"]["id"]


async def pages_of(set_up: FullSetUp) -> list[str]:
    """Every page of the tour, and the page of each thing that was poisoned."""
    made = set_up.made
    async with set_up.platform.sessions() as session:
        leads = list(await session.scalars(select(Contact.id).order_by(Contact.updated_at.desc()).limit(8)))
        talks = list(await session.scalars(select(Conversation.id).order_by(Conversation.id.desc()).limit(30)))
    return [
        *PLACES, *FURTHER, f"leads/{made['contact']}", f"companies/{made['company']}", f"segments/{made['segment']}",
        f"inbox/{made['conversation']}", f"imports/{made['import']}", f"settings/webhooks/{made['webhook']}",
        *(f"leads/{one}" for one in leads), *(f"inbox/{one}" for one in talks),
    ]  # fmt: skip


@pytest.mark.long
async def test_no_page_of_the_admin_makes_more_of_it_than_text(poisoned, browser: Browser) -> None:
    watch, page = await watched(browser, poisoned)
    site, seen = poisoned.platform.settings.site_url, ""
    for path in await pages_of(poisoned):
        await page.goto(f"{site}/admin/{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=WAIT)
        await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WAIT)
        await watch.look(page)
        seen += await page.locator("body").inner_text()
    assert watch.complaints == []
    assert watch.pages > len(PLACES)
    unseen = [name for name, text in SHOWN.items() if text[:30] not in seen]
    assert unseen == [], "these were shown on no page, so nothing of them was tried"
    await page.context.close()


async def test_the_widget_makes_no_more_of_it_than_text(poisoned, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.add_init_script(_WATCH)
    site = poisoned.platform.settings.site_url
    watch, page = Watch(context, site), await context.new_page()
    await page.goto(f"{site}/?utm_source={SHOWN['img']}&utm_campaign={SHOWN['script']}#{SHOWN['svg']}")
    await page.get_by_test_id("launcher").click()
    log = page.get_by_test_id("log")
    for text in SHOWN.values():
        await page.get_by_test_id("input").fill(text)
        await page.keyboard.press("Enter")
        own = log.locator('[data-testid="message"][data-author="visitor"]').last
        await expect(own).to_contain_text(text[:20], timeout=WAIT)
    await page.reload()
    await page.get_by_test_id("launcher").click()
    await expect(log.locator('[data-testid="message"][data-author="visitor"]')).to_have_count(len(SHOWN), timeout=WAIT)
    await watch.look(page)
    assert watch.complaints == []
    await context.close()


async def test_no_mail_makes_more_of_it_than_text(browser: Browser) -> None:
    context = await browser.new_context()
    await context.add_init_script(_WATCH)
    watch, page = Watch(context, "about:"), await context.new_page()
    for text in SHOWN.values():
        settings = EmailSettings(from_address="hello@site.example", from_name=text, postal_address=text)
        envelope = Envelope(
            new_id(), new_id(), None, 1, "email", "marketing", "en", "ann@example.com", text, f"Hello {text}!\n\n{text}"
        )
        html = build_html(envelope, settings, unsubscribe_url="https://site.example/unsubscribe/token")
        await page.goto("about:blank")
        await page.set_content(html, wait_until="domcontentloaded")
        await page.evaluate("window.violations ??= []")
        found = [one for one in await page.evaluate(_FOUND) if not _is_a_link_that_is_shown(one)]
        assert found == [], text
        assert text[:20] in await page.locator("body").inner_text()
    assert watch.complaints == []
    await context.close()


def _is_a_link_that_is_shown(found: str) -> bool:
    """An address that somebody typed may lead where it says; a mail shows where."""
    return found.startswith(f"leads to https://{STRANGER}")
