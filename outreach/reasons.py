"""Why a contact left a journey or a message was withdrawn, in words a marketer reads in the admin UI."""

from __future__ import annotations

TAKEN_OUT = "taken_out"
"""Why somebody left whom a colleague took out."""

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
    "completed": "They went all the way.",
    "goal": "They did what the journey is for.",
    "gave_way": "A journey of the same group with a higher priority took over.",
    "re_entered": "They came in again, which ended the run they were in.",
    "no_place": "The new version has no step ahead of the one they stood on.",
    TAKEN_OUT: "A colleague took them out.",
    "merged": "Two contacts turned out to be one, who is in this journey already.",
}
STOPS = frozenset(
    {
        "opted_out", "consent_withdrawn", "unsubscribed", "handed_off", "erased", "restricted", "minor",
        "privacy_request", "retries_exhausted", "gave_way", "re_entered", "no_place", "merged", "step_missing",
        "taken_out",
    }
)  # fmt: skip
"""Reasons for which somebody does not get to an end of the journey; any other is one of its own ends."""
_ENTRY_WORDS = {
    "only_if": "They did not meet the condition of the entry.",
    "re_entry": "They were in it already, or may not come in again yet.",
    "exclusive_group": "They are in a journey of the same group whose priority is as high or higher.",
    "held_out": "They belong to the share that is held back, to see what the journey brings.",
    "paused": "The journey was paused.",
    "draining": "The journey let nobody in any more.",
}


def reason_in_words(code: str) -> str:
    """The sentence for a reason code; a code without one is shown as it is."""
    return _WORDS.get(code, code)


def entry_rule_in_words(rule: str) -> str:
    """Why somebody did not get into a journey; a rule without a sentence is shown as it is."""
    return _ENTRY_WORDS.get(rule, rule)
