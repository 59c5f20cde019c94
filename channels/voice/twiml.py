"""Steps of a call as TwiML, built with Twilio's own builder: what people said and typed stays text. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twilio.twiml.voice_response import Gather, VoiceResponse

from channels.voice.prompts import Speech, Step
from channels.voice.words import spoken_language

_LONGEST = 3000
"""Characters of one `<Say>`: Twilio takes 4,096."""
_RING_FOR = 25  # seconds
_PAUSE = 1  # seconds


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a call goes on, and what it is made with.

    Attributes:
        turn: where what is heard goes.
        wait: where to come back to.
        dialled: where to go when a transfer is over.
        relay, relayed: the socket of ConversationRelay, and where to go when it is over.
        transfer_to: the team's number.
        number: ours, that a transfer shows.
        region: the country of our number.
    """

    turn: str
    wait: str
    dialled: str
    relay: str
    relayed: str
    transfer_to: str | None
    number: str
    region: str


def build(step: Step, ways: Ways) -> str:
    """The TwiML of a step."""
    response = VoiceResponse()
    if step.records:
        response.start().recording(channels="dual", track="both")
    match step.then:
        case "listen":
            _listen(response, step, ways)
        case "transfer":
            _say(response, step.said, step, ways)
            dial = response.dial(
                action=ways.dialled, method="POST", timeout=_RING_FOR, caller_id=ways.number, record="do-not-record"
            )
            dial.number(ways.transfer_to)
        case "connect":
            _connect(response, step, ways)
        case "wait":
            _say(response, step.said, step, ways)
            response.pause(length=_PAUSE)
            response.redirect(ways.wait, method="POST")
        case "hang up":
            _say(response, step.said, step, ways)
            response.hangup()
    return str(response)


def hang_up() -> str:
    """Ends a call without a word."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def _listen(response: VoiceResponse, step: Step, ways: Ways) -> None:
    """What must be heard whole is said before anybody listens; all that follows it can be interrupted."""
    last_whole = max((place for place, speech in enumerate(step.said, start=1) if speech.whole), default=0)
    _say(response, step.said[:last_whole], step, ways)
    ask = step.ask
    gather = response.gather(
        input="speech dtmf",
        action=ways.turn,
        method="POST",
        language=spoken_language(step.language, ways.region),
        speech_timeout="auto",
        timeout=step.seconds,
        hints=_speakable(ask.hints) or None,
        barge_in=True,
        action_on_empty_result=True,
        num_digits=None if ask.typed else ask.longest_key,
        # Without an end of its own a single key, the hash key too, is an answer at once.
        finish_on_key="#" if ask.typed or ask.longest_key > 1 else "",
        profanity_filter=False,
    )
    _say(gather, step.said[last_whole:], step, ways)


def _connect(response: VoiceResponse, step: Step, ways: Ways) -> None:
    _say(response, step.said, step, ways)
    connect = response.connect(action=ways.relayed, method="POST")
    language = spoken_language(step.language, ways.region)
    connect.conversation_relay(
        url=ways.relay,
        language=language,
        dtmf_detection=True,
        interruptible="any",
        # Without these a key or a word said meanwhile would not be told.
        report_input_during_agent_speech="any",
        partial_prompts=True,
        hints=_speakable(step.ask.hints) or None,
    )


def _say(into: VoiceResponse | Gather, said: Sequence[Speech], step: Step, ways: Ways) -> None:
    language = spoken_language(step.language, ways.region)
    for speech in said:
        for start in range(0, len(speech.text), _LONGEST):
            into.say(_speakable(speech.text[start : start + _LONGEST]), language=language)
        if speech.sound is not None:
            into.play(speech.sound)


def _speakable(text: str) -> str:
    """Without control characters, which XML has no way to write."""
    return "".join(char if char >= " " or char in "\t\n" else " " for char in text if char not in "\ufffe\uffff")
