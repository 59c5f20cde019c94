"""Counts openings and clicks of e-mails, only of those who agreed to be counted. Decides nothing by them.

A link leads only to the address that stood in the mail when it was sent: the token in it names the row, never a place.
Mail programs and scanners open mails and follow links by themselves, so a count is a hint and no proof.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape
from string import printable
from urllib.parse import quote
from uuid import UUID

from aiohttp import web
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import NotFound
from base.link_tokens import NOT_OURS, create_serializer
from channels.email.models import EmailLink
from crm.consent.ledger import consent_for, consent_states
from crm.privacy.signals import asks_to_opt_out
from crm.timeline.service import record
from outreach.models import OutboxMessage

PURPOSE = "profiling"
"""The consent that is asked for, by e-mail."""
LINK_PATH, PICTURE_PATH = "/l/{token}", "/o/{token}.gif"
_SIGNED_FOR = "email_counts"
_HREF = re.compile(r'<a href="([^"]+)"')
# The smallest transparent picture.
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


async def may_count(session: AsyncSession, contact_id: UUID, clock: Clock) -> bool:
    """Whether the person agreed to be counted and has not taken it back."""
    states = await consent_states(session, [contact_id], clock.now())
    return consent_for(states.get(contact_id, {}), PURPOSE, "email").state == "given"


async def with_counting(
    session: AsyncSession, keys: KeyRing, outbox_id: UUID, html: str, *, site: str, keep: Sequence[str] = ()
) -> str:
    """The HTML with links that are counted and the picture that tells of an opening; the same again for each attempt.

    Args:
        keep: addresses that stay as they are, such as the one that unsubscribes.
    """
    urls = [url for url in dict.fromkeys(unescape(found) for found in _HREF.findall(html)) if url not in keep]
    numbered = {url: number for number, url in enumerate(urls, start=1)}
    rows = [{"outbox_id": outbox_id, "number": number, "url": url} for url, number in numbered.items()]
    rows.append({"outbox_id": outbox_id, "number": 0, "url": None})
    await session.execute(insert(EmailLink).values(rows).on_conflict_do_nothing())

    def lead(match: re.Match[str]) -> str:
        number = numbered.get(unescape(match[1]))
        if number is None:
            return match[0]
        return f'<a href="{escape(site)}/l/{_token(keys, outbox_id, number)}"'

    picture = f'<img src="{escape(site)}/o/{_token(keys, outbox_id, 0)}.gif" width="1" height="1" alt="">'
    return _HREF.sub(lead, html).replace("</body>", f"{picture}</body>", 1)


@dataclass(frozen=True)
class CountingPages:
    """The handlers behind counted links and pictures.

    Attributes:
        counts: whether anything is counted at all; links lead on either way.
    """

    sessions: Sessions
    keys: KeyRing
    clock: Clock
    counts: bool = True

    async def handle_link(self, request: web.Request) -> web.Response:
        """Counts a click and leads to where the link in the mail led."""
        url = await self._count(request)
        if url is None:
            raise NotFound("This link leads nowhere.")
        return web.Response(status=302, headers={**_HEADERS, "Location": quote(url, safe=printable)})

    async def handle_picture(self, request: web.Request) -> web.Response:
        """Counts an opening."""
        await self._count(request)
        return web.Response(body=_PIXEL, content_type="image/gif", headers=_HEADERS)

    async def _count(self, request: web.Request) -> str | None:
        """Where the link leads; it leads there also when it may not be counted any more."""
        try:
            outbox_hex, number = create_serializer(self.keys, _SIGNED_FOR).loads(request.match_info["token"])
            outbox_id, number = UUID(hex=outbox_hex), int(number)
        except NOT_OURS as error:
            raise NotFound("This link is not one of ours.") from error
        now = self.clock.now()
        which = (EmailLink.outbox_id == outbox_id, EmailLink.number == number)
        async with transaction(self.sessions) as session:
            sent = (
                await session.execute(
                    select(OutboxMessage.contact_id, OutboxMessage.conversation_id).where(OutboxMessage.id == outbox_id)
                )
            ).first()
            # Programs ask by HEAD whether there is anything; nobody reads that way. Who opts out is not watched.
            watched = request.method != "HEAD" and not asks_to_opt_out(request.headers)
            is_counted = self.counts and watched and sent is not None
            if sent is None or not is_counted or not await may_count(session, sent.contact_id, self.clock):
                return await session.scalar(select(EmailLink.url).where(*which))
            counted = (
                update(EmailLink)
                .where(*which)
                .values(count=EmailLink.count + 1, first_at=func.coalesce(EmailLink.first_at, now))
                .returning(EmailLink.url, EmailLink.count.label("so_often"))
            )
            row = (await session.execute(counted)).first()
            if row is not None and row.so_often == 1:
                await record(
                    session,
                    kind="email_opened" if number == 0 else "link_clicked",
                    contact_id=sent.contact_id,
                    conversation_id=sent.conversation_id,
                    data={"outbox_id": str(outbox_id), "link": number},
                    now=now,
                )
        return None if row is None else row.url


def routes(pages: CountingPages) -> list[web.RouteDef]:
    """The routes."""
    return [web.get(LINK_PATH, pages.handle_link), web.get(PICTURE_PATH, pages.handle_picture)]


def _token(keys: KeyRing, outbox_id: UUID, number: int) -> str:
    return create_serializer(keys, _SIGNED_FOR).dumps([outbox_id.hex, number])
