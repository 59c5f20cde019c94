"""Global Privacy Control: a browser that sends `Sec-GPC: 1` opts its visitor out of sale, sharing and profiling.

It holds for the talk, for the contact it belongs to and for whom it turns out to be (11 CCR 7025(c)). In the caller's
transaction. Parley itself sells and shares nothing; what is kept is that it was asked, and nobody is scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.privacy.limits import SIGNAL
from crm.privacy.neighbours import conversations
from crm.scoring.service import take_back_if_refused
from crm.timeline.service import find_event, record

HEADER = "Sec-GPC"

_HONOURED: Mapping[str, str] = {
    "en": "Your browser's opt-out signal (GPC) is honoured: no sale or sharing of your data, no profiling.",
    "es": "Se respeta la señal de exclusión de su navegador (GPC): sus datos no se venden ni comparten, sin perfil.",
    "fr": "Le signal d'opposition de votre navigateur (GPC) est respecté : ni vente, ni partage, ni profilage.",
    "de": "Das Opt-out-Signal Ihres Browsers (GPC) wird beachtet: kein Verkauf, kein Teilen, kein Profil.",
}


def asks_to_opt_out(headers: Mapping[str, str]) -> bool:
    """Whether a request carries the signal. Any other value than 1 is none."""
    return headers.get(HEADER, "").strip() == "1"


def honoured_words(language: str) -> str:
    """What the visitor is shown, so that they see that it was processed; English where we have no words."""
    return _HONOURED.get(language, _HONOURED["en"])


async def honour_signal(session: AsyncSession, conversation_id: UUID, now: datetime) -> None:
    """Notes it once for a conversation, and takes the score of the contact it belongs to."""
    found = select(conversations.c.contact_id).where(conversations.c.id == conversation_id)
    talk = (await session.execute(found)).first()
    if talk is None:
        return
    if await find_event(session, kind=SIGNAL, conversation_id=conversation_id, data={}) is None:
        await record(
            session,
            kind=SIGNAL,
            contact_id=talk.contact_id,
            conversation_id=conversation_id,
            data={"signal": "gpc"},
            now=now,
        )
    if talk.contact_id is not None:
        await take_back_if_refused(session, talk.contact_id, now)
