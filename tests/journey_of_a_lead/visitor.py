"""A visitor in a real browser, who sees the page and nothing else."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.time_zones import zone_where_it_is_noon

WAIT = 60_000  # milliseconds; a busy machine needs some of them


class Visitor:
    """Uses the widget by what it shows."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_test_id("log")
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("console", self._heard)

    def _heard(self, entry: object) -> None:
        text = getattr(entry, "text", "")
        if "Content Security" in text:
            self.complaints.append(text)

    @classmethod
    async def arrive(cls, browser: Browser, url: str, *, time_zone: str | None = None) -> Visitor:
        """Loads the site in a browser of their own."""
        context = await browser.new_context(
            viewport={"width": 1280, "height": 800}, timezone_id=time_zone or zone_where_it_is_noon()
        )
        visitor = cls(await context.new_page())
        await visitor.page.goto(url)
        return visitor

    async def open_chat(self) -> None:
        """Opens the chat and waits for the greeting."""
        await self.page.get_by_test_id("launcher").click()
        await expect(self.messages("bot").first).to_be_visible(timeout=WAIT)

    def messages(self, author: str) -> object:
        """The messages of one author."""
        return self.log.locator(f'[data-testid="message"][data-author="{author}"]')

    async def says(self, text: str, *, until: str) -> None:
        """Types a message and waits until the bot's answer holds a text."""
        await self.page.get_by_test_id("input").fill(text)
        await self.page.keyboard.press("Enter")
        await self.sees(until)

    async def taps(self, value: str, *, until: str) -> None:
        """Taps a choice of the open question."""
        await self.page.locator(f'[data-testid="choice"][data-value="{value}"]:not([disabled])').last.click()
        await self.sees(until)

    async def sees(self, text: str) -> None:
        """Waits until the last messages hold the text."""
        found = self.log.locator('[data-testid="message"]:not([data-author="visitor"])').filter(has_text=text)
        await expect(found.last).to_be_visible(timeout=WAIT)

    async def leave(self) -> None:
        """Closes the browser; nothing may have gone wrong in it."""
        await self.page.context.close()
        assert self.complaints == []


async def become_a_lead(visitor: Visitor, address: str, *, consent: str = "yes") -> None:
    """The demo request from the greeting to the end, with a question in the middle and a correction."""
    await visitor.open_chat()
    await visitor.taps("demo", until="What may I call you")
    await visitor.says("Ada", until="How many people")
    await visitor.taps("10-49", until="like to change")
    await visitor.says("how much does it cost?", until="€29 a month")
    await visitor.says("We chase late payers by hand.", until="Which company")
    await visitor.says("Analytical Engines Ltd", until="When would you like")
    await visitor.taps("this_month", until="How should they get in touch")
    await visitor.taps("email", until="where can we e-mail you")
    await visitor.says(f"wrong.{address}", until="May Northwind Ledger")
    await visitor.says(f"no, my mail is {address}", until=f"is now {address}")
    await visitor.taps(consent, until="anything else")
