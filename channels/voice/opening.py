"""What a call of ours begins with: who calls and what for, and how to stop it. Words only; knows no call."""

from __future__ import annotations

from channels.voice.prompts import Ask
from channels.voice.words import Words, read_out
from outreach.decisions import SERVICE_PURPOSES
from outreach.ports import Envelope, Look

_EXAMPLE = "+15550100"


def begin_call(language: str, company: str, *, promotes: bool) -> tuple[str, str]:
    """Identification, and within two seconds how to stop it (47 CFR 64.1200(b))."""
    words = Words(language)
    return identify(words, company, promotes=promotes), words.say("opt_out", key=Ask().stop_key)


def identify(words: Words, company: str, *, promotes: bool, by: str = "identification") -> str:
    """Who calls and what for."""
    purpose = words.say("purpose_promotion" if promotes else "purpose_service")
    return words.say(by, company=company, purpose=purpose)


class CallLook:
    """Fulfils outreach's port `LetterLook`: a call that has a text to say, and no flow to lead."""

    channel = "voice"

    def __init__(self, company: str) -> None:
        self._company = company

    def show(self, envelope: Envelope) -> Look:
        """All that is said until somebody answers. The number to call back is made up."""
        promotes = envelope.purpose not in SERVICE_PURPOSES
        begins = begin_call(envelope.language, self._company, promotes=promotes)
        callback = Words(envelope.language).say("callback", number=read_out(_EXAMPLE))
        return Look(spoken=(*begins, envelope.text, callback))
