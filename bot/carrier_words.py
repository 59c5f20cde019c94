"""What the carriers want read before any dialogue: opt-outs in any words, HELP, and START. Pure; changes nothing."""

from __future__ import annotations

from typing import Any, Literal

from base.messages import ANSWERS_PROMOTION
from bot.claims import Claim
from crm.consent.opt_out import OptOut, read_keyword, read_opt_out
from crm.consent.stop_scope import StopScope

HELP_ON = frozenset({"sms", "telegram", "email", "voice"})
"""Where HELP is answered here. In the web chat it is a word like any other."""
START_ON = frozenset({"sms", "telegram"})
"""Where the provider vouches for who sent it: elsewhere anybody could lift somebody's opt-out."""

OPT_OUT, HELP, REOPEN = "opt_out", "answer_help", "reopen_channel"
"""Effects of a turn in which the dialogue had no say."""

_EXACT = "word:"  # how the rules are named that know whole messages by heart


def read_stop(claim: Claim) -> OptOut | None:
    """The opt-out in what was typed, if it is one."""
    if claim.kind != "text":
        return None
    return read_opt_out(
        claim.text,
        channel=claim.channel,
        language=claim.language,
        answers_promotion=bool(claim.data.get(ANSWERS_PROMOTION)),
    )


def read_word(claim: Claim) -> Literal["help", "start"] | None:
    """HELP or START, where this channel has them."""
    if claim.kind != "text" or claim.channel not in HELP_ON | START_ON:
        return None
    word = read_keyword(claim.text, channel=claim.channel)
    wanted = {"help": HELP_ON, "start": START_ON}
    return word if word is not None and claim.channel in wanted[word] else None


def scope_of(stop: OptOut) -> StopScope:
    """What it stops."""
    channels = None if stop.channels is None else list(stop.channels)
    return StopScope.read({"purpose": stop.purpose, "channels": channels})


def stop_effect(stop: OptOut) -> dict[str, Any]:
    """The effect that carries it out."""
    scope = scope_of(stop)
    return {
        "effect": OPT_OUT,
        "scope": "everything" if scope.is_everything else scope.told(),
        "rule": stop.rule,
        "confidence": stop.confidence,
        "doubtful": stop.doubtful,
        "method": "keyword" if stop.rule.startswith(_EXACT) else "words",
    }
