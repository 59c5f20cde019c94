"""People get access, guard it with a second step and a passkey, and see who changed what."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.async_api import Browser, Page, expect

from tests.journey_of_a_lead.colleague import Colleague, check_with_axe
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT

pytestmark = pytest.mark.journey

PASSWORD = "quite another passphrase"


async def invite(owner: Colleague, site: RunningSite, email: str, role: str) -> str:
    """The link of the mail that somebody is invited by."""
    page = owner.page
    await owner.go("/settings/team")
    await page.get_by_test_id("invite").click()
    await page.get_by_test_id("invite-email").fill(email)
    await page.get_by_test_id("invite-name").fill("Grace Hopper")
    await page.get_by_test_id("invite-role").select_option(role)
    await page.get_by_test_id("invite-send").click()
    await expect(page.get_by_text("on its way by mail")).to_be_visible(timeout=WAIT)
    letter = await site.letters.wait_for_text(email, "/admin/invitation#")
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://\S+/admin/invitation#\S+", body.get_content())
    assert found is not None
    await page.get_by_test_id("link-done").click()
    return found[0]


async def accept(page: Page, link: str) -> None:
    await page.goto(link)
    await page.get_by_test_id("accept-password").fill("short")
    await page.get_by_test_id("accept").click()
    await expect(page.get_by_text("12 characters or more").first).to_be_visible()
    await page.get_by_test_id("accept-password").fill(PASSWORD)
    await page.get_by_test_id("accept").click()
    await expect(page.get_by_test_id("logout")).to_be_visible(timeout=WAIT)


async def log_in(page: Page, site_url: str, email: str, code: str | None = None) -> None:
    await page.goto(f"{site_url}/admin/login")
    await page.get_by_test_id("login-email").fill(email)
    await page.get_by_test_id("login-password").fill(PASSWORD)
    await page.get_by_test_id("login-submit").click()
    if code is not None:
        await page.get_by_test_id("login-code").fill(code)
        await page.get_by_test_id("login-submit").click()
    await expect(page.get_by_test_id("logout")).to_be_visible(timeout=WAIT)


async def test_an_invited_agent_sees_what_agents_may_and_is_let_out_at_once(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as owner:
        link = await invite(owner, site, "grace@northwind-ledger.example", "agent")
        context = await browser.new_context(locale="en-GB")
        agent = await context.new_page()
        await accept(agent, link)
        await expect(agent.get_by_role("link", name="Leads")).to_be_visible()
        await expect(agent.get_by_role("link", name="Privacy")).to_have_count(0)
        await agent.goto(f"{site.url}/admin/settings")
        await expect(agent.get_by_role("link", name="Your account")).to_be_visible(timeout=WAIT)
        await expect(agent.get_by_role("link", name="Audit log")).to_have_count(0)

        await owner.go("/settings/team")
        row = owner.page.get_by_test_id("user-row").filter(has_text="grace@northwind-ledger.example")
        await row.get_by_test_id("user-role").select_option("analyst")
        await expect(row.get_by_test_id("user-role")).to_have_value("analyst", timeout=WAIT)
        await owner.look(tmp_path, "team")
        await row.get_by_test_id("user-more").click()
        await owner.page.get_by_test_id("user-active").click()
        await expect(row.get_by_text("Deactivated")).to_be_visible(timeout=WAIT)
        await agent.goto(f"{site.url}/admin/settings/account")
        await expect(agent.get_by_test_id("login-email")).to_be_visible(timeout=WAIT)
        await context.close()


async def test_a_second_step_is_set_up_and_asked_for_and_a_passkey_goes_without_it(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    email = "alan@northwind-ledger.example"
    async with await Colleague.arrive(browser, site) as owner:
        link = await invite(owner, site, email, "analyst")
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    colleague = Colleague(site, context, page)
    await accept(page, link)
    await colleague.go("/settings/account")
    await page.get_by_test_id("set-up-step").click()
    await page.get_by_test_id("step-password").fill("not my password")
    await page.get_by_test_id("step-go").click()
    await expect(page.get_by_text("This is not your password.")).to_be_visible(timeout=WAIT)
    await page.get_by_test_id("step-password").fill(PASSWORD)
    await page.get_by_test_id("step-go").click()
    secret = (await page.get_by_test_id("step-secret").inner_text(timeout=WAIT)).strip()
    await colleague.look(tmp_path, "scan")
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    await page.get_by_test_id("step-code").fill(totp.generate(int(time.time())).decode())
    await page.get_by_test_id("step-confirm").click()
    codes = page.get_by_test_id("recovery-codes").get_by_role("listitem")
    await expect(codes).to_have_count(10, timeout=WAIT)
    code = await codes.first.inner_text()
    await page.get_by_test_id("codes-kept").click()
    await expect(page.get_by_text("10 recovery codes are left.")).to_be_visible(timeout=WAIT)
    await colleague.look(tmp_path, "account")
    await page.get_by_test_id("logout").click()
    await expect(page.get_by_test_id("login-email")).to_be_visible(timeout=WAIT)
    await log_in(page, site.url, email, code)

    # Browsers have passkeys for names, not for numbers.
    by_name = site.url.replace("127.0.0.1", "localhost")
    devtools = await context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    await log_in(page, by_name, email, totp.generate(int(time.time()) + 30).decode())
    await page.goto(f"{by_name}/admin/settings/account")
    await page.get_by_test_id("add-passkey").click()
    await page.get_by_test_id("passkey-name").fill("Telephone")
    await page.get_by_test_id("passkey-password").fill(PASSWORD)
    await page.get_by_test_id("passkey-save").click()
    await expect(page.get_by_test_id("passkey-row")).to_contain_text("Telephone", timeout=WAIT)
    await page.get_by_test_id("logout").click()
    await page.get_by_test_id("login-passkey").click()
    await expect(page.get_by_test_id("logout")).to_be_visible(timeout=WAIT)
    await context.close()
    assert colleague.complaints == []


async def test_roles_and_tokens_are_made_and_the_audit_log_tells_of_it(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    async with await Colleague.arrive(browser, site) as owner:
        page = owner.page
        await owner.go("/settings/roles")
        await page.get_by_test_id("new-role").click()
        await page.get_by_test_id("role-name").fill("Readers")
        await page.get_by_test_id("contacts.write").check()
        await expect(page.get_by_test_id("contacts.read")).to_be_checked()
        await owner.look(tmp_path, "new-role")
        await page.get_by_test_id("role-save").click()
        await expect(page.get_by_role("heading", name="Readers")).to_be_visible(timeout=WAIT)
        await page.get_by_test_id("change-role").click()
        await page.get_by_test_id("contacts.write").uncheck()
        await page.get_by_test_id("role-save").click()
        await expect(page.get_by_text("Contacts (See)", exact=True)).to_be_visible(timeout=WAIT)

        await owner.go("/settings/tokens")
        await page.get_by_test_id("new-token").click()
        await page.get_by_test_id("token-name").fill("Nightly export")
        await page.get_by_test_id("contacts.read").check()
        await page.get_by_test_id("token-save").click()
        token = (await page.get_by_test_id("token-value").inner_text(timeout=WAIT)).strip()
        leads = f"{site.url}/api/v1/leads"
        stranger = await browser.new_context()
        answer = await stranger.request.get(leads, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 200
        await page.get_by_test_id("token-done").click()
        await expect(page.get_by_test_id("token-row").filter(has_text="Nightly export")).to_be_visible(timeout=WAIT)
        await owner.look(tmp_path, "tokens")
        await page.get_by_test_id("revoke-token").first.click()
        await page.get_by_test_id("revoke-token-confirm").click()
        await expect(page.get_by_text("Revoked")).to_be_visible(timeout=WAIT)
        answer = await stranger.request.get(leads, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401
        await stranger.close()

        await owner.go("/settings/audit")
        await page.get_by_test_id("audit-action").select_option("change_role")
        row = page.get_by_test_id("audit-row").first
        await expect(row).to_contain_text("Change role", timeout=WAIT)
        await row.get_by_role("button").click()
        await expect(row).to_contain_text("contacts.read")
        await owner.look(tmp_path, "audit")
        await owner.go("/settings")
        await owner.look(tmp_path, "settings")
    assert (await site.parley("audit-log", "verify")).startswith("intact: ")


async def test_whoever_forgot_their_password_gets_a_link_by_mail(site: RunningSite, browser: Browser) -> None:
    email = "edith@northwind-ledger.example"
    async with await Colleague.arrive(browser, site) as owner:
        link = await invite(owner, site, email, "agent")
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    colleague = Colleague(site, context, page)
    await accept(page, link)
    await page.get_by_test_id("logout").click()
    await page.get_by_test_id("forgotten").click()
    await page.get_by_test_id("forgotten-email").fill(email)
    await check_with_axe(colleague.page)
    await page.get_by_test_id("forgotten-send").click()
    letter = await site.letters.wait_for_text(email, "/admin/new-password#")
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://\S+/admin/new-password#\S+", body.get_content())
    assert found is not None
    await page.goto(found[0])
    await check_with_axe(colleague.page)
    await page.get_by_test_id("new-password").fill(PASSWORD + " anew")
    await page.get_by_test_id("set-password").click()
    await page.get_by_test_id("to-log-in").click()
    await page.get_by_test_id("login-email").fill(email)
    await page.get_by_test_id("login-password").fill(PASSWORD + " anew")
    await page.get_by_test_id("login-submit").click()
    await expect(page.get_by_test_id("logout")).to_be_visible(timeout=WAIT)
    await context.close()
    assert colleague.complaints == []


async def set_up_step(page: Page, pictures: Colleague | None = None, folder: Path | None = None) -> TOTP:
    """From the password to the recovery codes."""
    await page.get_by_test_id("step-password").fill(PASSWORD)
    await page.get_by_test_id("step-go").click()
    secret = (await page.get_by_test_id("step-secret").inner_text(timeout=WAIT)).strip()
    if pictures is not None and folder is not None:
        await pictures.look(folder, "owed-scan")
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    await page.get_by_test_id("step-code").fill(totp.generate(int(time.time())).decode())
    await page.get_by_test_id("step-confirm").click()
    await expect(page.get_by_test_id("recovery-codes").get_by_role("listitem")).to_have_count(10, timeout=WAIT)
    if pictures is not None and folder is not None:
        await pictures.look(folder, "owed-codes")
    await page.get_by_test_id("codes-kept").click()
    return totp


async def test_an_owner_demands_a_second_step_and_who_has_none_is_led_through_it_at_the_next_log_in(
    site: RunningSite, browser: Browser, tmp_path: Path
) -> None:
    email = "barbara@northwind-ledger.example"
    async with await Colleague.arrive(browser, site) as olivia:
        as_owner = await invite(olivia, site, "edsger@northwind-ledger.example", "owner")
        as_agent = await invite(olivia, site, email, "agent")
        await olivia.page.get_by_test_id("step-for-all").click()
        await expect(olivia.page.get_by_text("Set up your own second step first")).to_be_visible(timeout=WAIT)
        await expect(olivia.page.get_by_test_id("step-for-all")).not_to_be_checked()
        await olivia.look(tmp_path, "own-step-first")

    async with (
        await Colleague.at_the_door(browser, site) as owner,
        await Colleague.at_the_door(browser, site) as agent,
    ):
        await accept(owner.page, as_owner)
        await owner.go("/settings/account")
        await owner.page.get_by_test_id("set-up-step").click()
        await set_up_step(owner.page)
        await accept(agent.page, as_agent)
        await owner.go("/settings/team")
        await owner.page.get_by_test_id("step-for-all").click()
        await expect(owner.page.get_by_test_id("step-for-all")).to_be_checked(timeout=WAIT)
        await owner.look(tmp_path, "step-for-all")
        try:
            await agent.go("/leads")  # who is logged in goes on
            await agent.page.get_by_test_id("logout").click()
            await agent.page.get_by_test_id("login-email").fill(email)
            await agent.page.get_by_test_id("login-password").fill(PASSWORD)
            await agent.page.get_by_test_id("login-submit").click()
            await expect(agent.page.get_by_role("heading", name="One more step")).to_be_visible(timeout=WAIT)
            await agent.look(tmp_path, "owed")
            assert (await agent.page.request.get(f"{site.url}/api/v1/leads")).status == 403
            totp = await set_up_step(agent.page, agent, tmp_path)
            await expect(agent.page.get_by_test_id("logout")).to_be_visible(timeout=WAIT)
            await agent.go("/leads")
            await agent.page.get_by_test_id("logout").click()
            await expect(agent.page.get_by_test_id("login-email")).to_be_visible(timeout=WAIT)
            await log_in(agent.page, site.url, email, totp.generate(int(time.time()) + 30).decode())
        finally:
            await owner.page.get_by_test_id("step-for-all").click()
            await expect(owner.page.get_by_test_id("step-for-all")).not_to_be_checked(timeout=WAIT)
