"""Why a contact left a journey or a message was withdrawn, in words a marketer reads in the admin UI."""

from __future__ import annotations

_WORDS = {
    "opted_out": "The contact does not want to hear from us any more.",
    "consent_withdrawn": "The contact withdrew the consent this needs.",
    "unsubscribed": "The contact used the unsubscribe link.",
    "handed_off": "A colleague has taken over the conversation.",
    "replied": "The contact replied.",
    "erased": "The contact was erased.",
    "restricted": "The contact asked us to keep their data and not to use it.",
    "minor": "The contact said they are under age.",
    "privacy_request": "The contact asked about or objected to the use of their data.",
    "retries_exhausted": "The receiving side kept refusing it for the moment; we stopped trying.",
    "quarantined": "Each attempt to send it ended in a crash; look at it before anything else is done with it.",
    "send_interrupted": "The process that sent it stopped before the answer came; it may have arrived.",
    "in_doubt": "The other side did not answer clearly; it may have arrived.",
    "step_missing": "The journey's version has no such step or no wording for it.",
}


def reason_in_words(code: str) -> str:
    """The sentence for a reason code; a code without one is shown as it is."""
    return _WORDS.get(code, code)
