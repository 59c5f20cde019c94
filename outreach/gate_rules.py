"""The gate's rules about what is known of the contact, one function each, pure. `gate` weighs what they object."""

from __future__ import annotations

from collections.abc import Callable

from crm.privacy.own_stops import OWN_STOPS
from outreach.decisions import ANSWERS, RIGHTS, Defer, Deny, Snapshot

Rule = Callable[[Snapshot], Defer | Deny | None]
CONFIRMATION = "confirmation"
"""The rule by which promotion waits for a link to be followed."""
_NAMES = {"email": "e-mail", "sms": "text messages", "voice": "calls", "web": "the chat", "telegram": "Telegram"}


def name_of(channel: str) -> str:
    """The channel as a reason names it."""
    return _NAMES.get(channel, channel)


def erased(snapshot: Snapshot) -> Deny | None:
    """Nobody is written to whose record is gone."""
    if snapshot.contact_exists:
        return None
    return Deny("erased", "This contact has been erased.")


def made_up(snapshot: Snapshot) -> Deny | None:
    """Nothing is ever sent to people of the sample workspace, whatever it is and whoever says it."""
    if not snapshot.made_up:
        return None
    return Deny("made_up", "This person is made up, to look around with: nothing is ever sent to them.")


def suppression(snapshot: Snapshot) -> Deny | None:
    """A suppressed contact or address gets nothing, whatever the purpose, but for what the carriers want said.

    That is the one confirmation of a stop (47 CFR 64.1200(a)(12)) and the answer to HELP; the web chat needs neither.
    Who stopped us may still ask what we hold of them: what answers that goes to them, but to no address that fails.
    """
    if snapshot.in_talk and snapshot.purpose == "notice":
        return None
    for channel in ("all", snapshot.channel):
        if channel in snapshot.suppressed:
            if snapshot.purpose == RIGHTS and snapshot.has_request and snapshot.suppressed[channel] in OWN_STOPS:
                continue
            where = "at all" if channel == "all" else f"by {name_of(channel)}"
            why = snapshot.suppressed[channel].replace("_", " ")
            return Deny("suppression", f"Nothing may go to this contact {where}: {why}.")
    return None


def unconfirmed(snapshot: Snapshot) -> Defer | None:
    """What waits for a consent that may still be confirmed by a mailed link; None when nothing does."""
    until = snapshot.confirming.get((snapshot.purpose, snapshot.channel))
    if until is None:
        return None
    return Defer(until, CONFIRMATION, "It waits until they confirm their consent by the link in the mail they got.")


def consent(snapshot: Snapshot) -> Defer | Deny | None:
    """Promotion needs consent that was given for this purpose and channel and still stands.

    In the chat a visitor opened, silence is enough, but a refusal for the purpose on any channel is respected
    unless the chat itself was agreed to.
    """
    if not snapshot.promotional:
        return None
    state = snapshot.consents.get((snapshot.purpose, snapshot.channel), "none")
    if state == "given":
        return None
    if snapshot.channel == "web" and state == "none":
        about = (snapshot.purpose, "all")
        said = {name for (purpose, _), name in snapshot.consents.items() if purpose in about}
        if not said & {"refused", "withdrawn"}:
            return None
        state = "withdrawn" if "withdrawn" in said else "refused"
    if state in ("none", "expired") and (wait := unconfirmed(snapshot)) is not None:
        return wait
    said_no = {
        "none": f"never agreed to {snapshot.purpose} by {name_of(snapshot.channel)}",
        "refused": f"said no to {snapshot.purpose} messages",
        "withdrawn": f"withdrew the consent to {snapshot.purpose} messages",
        "expired": f"agreed to {snapshot.purpose} by {name_of(snapshot.channel)}, but that consent has run out",
    }
    return Deny("consent", f"This contact {said_no[state]}.")


def own_conversation(snapshot: Snapshot) -> Deny | None:
    """A chat message only goes into the contact's own conversation, not into one that merely named their address."""
    if snapshot.channel != "web" or snapshot.own_conversation:
        return None
    return Deny("own_conversation", "There is no chat that is surely this contact's to write into.")


def address(snapshot: Snapshot) -> Deny | None:
    """A channel with addresses needs one."""
    if snapshot.channel == "web" or snapshot.has_address:
        return None
    return Deny("no_address", f"We have no address of this contact for {name_of(snapshot.channel)}.")


def channel_configured(snapshot: Snapshot) -> Deny | None:
    """A channel that is not set up, or lacks what the law wants in each message, sends nothing."""
    if snapshot.missing_setting is None:
        return None
    return Deny("channel_not_configured", f"Not set up for {name_of(snapshot.channel)}: {snapshot.missing_setting}")


def part_of_a_talk(snapshot: Snapshot) -> Deny | None:
    """Only what was said in a conversation may go out as an answer: a journey cannot borrow its freedoms."""
    if snapshot.purpose not in ANSWERS or snapshot.in_talk:
        return None
    return Deny("not_in_a_talk", f"Only a conversation may send for the purpose {snapshot.purpose}.")


def about_a_request(snapshot: Snapshot) -> Deny | None:
    """Only who asked about their own data gets what answers that: nothing else may borrow its freedoms."""
    if snapshot.purpose != RIGHTS or snapshot.has_request:
        return None
    return Deny("no_request", "This contact has no open request about their data.")


def with_a_person(snapshot: Snapshot) -> Deny | None:
    """Nobody gets promotion while one of our people is talking with them."""
    if not (snapshot.promotional and snapshot.with_a_person):
        return None
    return Deny("with_a_person", "A colleague has this conversation; promotion would talk over them.")


def disqualified(snapshot: Snapshot) -> Deny | None:
    """Disqualified contacts get no promotion."""
    if not (snapshot.promotional and snapshot.stage == "disqualified"):
        return None
    return Deny("disqualified", "This contact was marked as not a fit.")


RULES: tuple[Rule, ...] = (
    erased,
    made_up,
    part_of_a_talk,
    about_a_request,
    suppression,
    consent,
    disqualified,
    with_a_person,
    own_conversation,
    address,
    channel_configured,
)
