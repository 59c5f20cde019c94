"""Timeline events in words for people. Pure; says something sensible of any kind and any data, and never raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.timeline.kinds import read_kinds

_SENTENCES: Mapping[str, tuple[str, ...]] = {
    # Of what Parley itself writes; what comes from outside has its sentences in kinds.yml.
    # The first sentence all of whose names are known is taken; the last needs none.
    "conversation_started": ("Started a conversation on {channel}", "Started a conversation"),
    "lead_captured": ("Told us their {field}", "Told us about themselves"),
    "address_added": ("Left their {address}", "Left an address"),
    "address_refused": ("Left another person's {address}: it was not kept", "Left another person's address"),
    "address_claimed": ("A conversation gave this contact's {address}", "A conversation gave this contact's address"),
    "owner_assigned": ("Was given to a colleague, or to nobody", "Was given to a colleague, or to nobody"),
    "fact_unfit": ("What was said did not fit {field}: {reason}", "What was said did not fit its field"),
    "fact_kept": ("A conversation gave another {field}: the known one was kept", "A known fact was kept"),
    "consent_given": ("Agreed to {purpose} by {channel}", "Gave consent"),
    "consent_refused": ("Refused {purpose} by {channel}", "Refused consent"),
    "consent_requested": (
        "A conversation that gave this contact's address agreed to {purpose} by {channel}: an earlier no stands",
        "A conversation that gave this contact's address agreed to messages: an earlier no stands",
    ),
    "consent_unconfirmed": (
        "Agreed to {purpose} by {channel}: it counts once the mail that asks for it is confirmed",
        "Gave consent that must be confirmed",
    ),
    "consent_confirmed": ("Confirmed the consent to {purpose} by {channel}", "Confirmed consent"),
    "consent_moved": ("The agreement to {purpose} by {channel} now stands for the corrected address", "Moved consent"),
    "consent_withdrawn": ("Withdrew consent to {purpose} by {channel}", "Withdrew consent"),
    "opted_out": ("Opted out of {purpose} by {channel}", "Opted out"),
    "opt_out_doubted": ("It was not sure that this was an opt-out: a person looks at it",),
    "opt_out_confirmed": ("The opt-out was confirmed by a colleague",),
    "opt_out_reversed": ("A colleague found that it was no opt-out, and undid it",),
    "channel_closed": ("Blocked us on {channel}", "Blocked us"),
    "help_asked": ("Asked for help by {channel}", "Asked for help"),
    "suppression_lifted": ("Messages by {channel} allowed again: {reason}", "Messages allowed again"),
    "stage_changed": ("Became {stage}", "Moved to another stage"),
    "qualified": ("Qualified as {outcome}", "Was qualified"),
    "score_changed": ("Score went from {before} to {after}", "Score changed"),
    "enrolled": ("Entered the journey {journey}", "Entered a journey"),
    "journey_exited": ("Left the journey {journey}: {reason}", "Left the journey {journey}", "Left a journey"),
    "handed_off": ("Handed to a person in {team}: {reason}", "Handed to a person in {team}", "Handed to a person"),
    "message_sent": ("A follow-up went out by {channel}", "A follow-up went out"),
    "message_refused": (
        "A follow-up by {channel} was not sent: {reason}",
        "A follow-up was not sent: {reason}",
        "A follow-up was not sent",
    ),
    "message_under_way": (
        "A follow-up by {channel} was already on its way when it was stopped",
        "A follow-up was already on its way when it was stopped",
    ),
    "message_delivered": ("A message by {channel} arrived", "A message arrived"),
    "message_undelivered": (
        "A message by {channel} did not arrive: {reason}",
        "A message by {channel} did not arrive",
        "A message did not arrive",
    ),
    "message_read": ("A message by {channel} was opened", "A message was opened"),
    "email_opened": ("Opened an e-mail", "Opened an e-mail"),
    "link_clicked": ("Followed a link in an e-mail",),
    "contact_merged": ("Another contact turned out to be the same person, and was merged into this one",),
    "contact_unmerged": ("A merge was undone: they are two contacts again",),
    "contact_recognised": ("Showed by a code to be who wrote elsewhere before",),
    "tag_added": ("Was tagged {tag}", "Was tagged"),
    "tag_removed": ("Is no longer tagged {tag}", "Lost a tag"),
    "variant_assigned": ("Was shown variant {variant} at {step}", "Was shown a variant"),
    "meeting_booked": ("Booked a meeting ({calendar})", "Booked a meeting"),
    "meeting_cancelled": ("A meeting was cancelled ({calendar})", "A meeting was cancelled"),
    "meeting_refused": ("The time they chose at {calendar} was gone when it was booked", "A meeting was not booked"),
    "conversation_moved": ("The talk goes on by {channel}", "The talk goes on elsewhere"),
    "opt_out_signal_received": ("Their browser sent an opt-out signal (GPC): not profiled",),
    "minor_marked": ("Said they are under age: no profiling, no promotion",),
    "privacy_requested": ("Made a privacy request: {request}", "Made a privacy request"),
    "flow_ended": ("Finished the dialogue {flow}: {outcome}", "Finished the dialogue {flow}", "Finished a dialogue"),
}

_WORDS: Mapping[str, str] = {
    "all": "all",
    "email": "e-mail",
    "sms": "text message",
    "web": "web chat",
    "voice": "phone",
    "telegram": "Telegram",
    "phone": "phone number",
    "mql": "marketing qualified",
    "sql": "sales qualified",
    "erase": "delete my data",
    "access": "show me my data",
    "why_contacted": "why am I contacted",
    "rectify": "correct my data",
    "object_marketing": "no marketing",
    "object_profiling": "no profiling",
    "restrict": "keep my data but do not use it",
    "unrestrict": "use my data again",
    "human_review": "let a person decide",
    "start": "they wrote START",
    "asked": "they asked for one",
    "misses": "the bot did not understand",
    "flow": "the dialogue led there",
    "turn_broke": "the bot could not answer",
    "dialogue_failed": "the bot could not answer",
    "dialogue_unavailable": "the bot could not be reached",
}
"""Codes that stand in event data, as people say them. Other values are shown with spaces for underscores."""


def summary_of(kind: str, data: Mapping[str, Any]) -> str:
    """One short sentence, without a full stop."""
    if kind == "opted_out" and data.get("channel") == "all" and data.get("purpose") == "all":
        return "Opted out of everything"
    plain = {name: value for name, value in data.items() if isinstance(value, str | int | float) and value != ""}
    said = {name: _said(name, value) for name, value in plain.items()}
    shipped = read_kinds().get(kind)
    for sentence in _SENTENCES.get(kind) or (shipped.said if shipped is not None else ()):
        try:
            return sentence.format_map(said)
        except KeyError:
            continue
    return kind.replace("_", " ").strip().capitalize() or "Something happened"


def _said(name: str, value: str | float) -> str:
    text = str(value)
    if name == "address":
        return {"email": "e-mail address", "phone": "phone number"}.get(text, text)
    if (name == "reason" and " " in text) or text.startswith(("http://", "https://")):
        return text
    return _WORDS.get(text, text.replace("_", " "))
