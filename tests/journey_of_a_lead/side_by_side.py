"""The talk of all channels as one page, turn by turn. Builds text, and looks at nothing but what people saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.journey_of_a_lead.demo_request_talk import TURNS
from tests.journey_of_a_lead.people_on_channels import CHANNELS, Act, Begins, Presses, Says, Shown, Taps

HEAD = """\
# The demo request on every channel

What a person does on each channel and what they see or hear next, as it went over the wire: frames of the web chat,
what Twilio and Telegram were given, mails as an SMTP server took them, `<Say>` of TwiML, tokens of ConversationRelay.
One flow makes all of it: `flows/library/demo_request`. A button is shown `like this`, a
link <ins>so</ins>.

Written by `tests/journey_of_a_lead/test_lead_on_every_channel.py` against a running site; do not edit. With
`PARLEY_WRITE_TRANSCRIPTS=1` the test writes it anew. The providers are local servers that speak their protocols.
"""
_WHO = {"gather": "Call, turn by turn", "relay": "Call, ConversationRelay"}
Transcript = Sequence[Sequence[Shown] | None]
"""What one person saw after each of the turns; None where they had said it before."""


def write_page(transcripts: Mapping[str, Transcript], *, footer: str, records: Mapping[str, str]) -> str:
    """The page.

    Args:
        footer: what every mail of the talk ends with.
        records: what is on record of the person afterwards, by channel.
    """
    parts = [HEAD]
    for number, turn in enumerate(TURNS):
        rows = [
            f"| {_name(channel)} | {_done(channel, turn.acts.get(channel))} | {_seen(transcripts[channel][number])} |"
            for channel in CHANNELS
        ]
        parts.append(_table(f"{number + 1}. {turn.title}", ("", "Ada", "the bot"), rows))
    parts.append(
        "\n## Every mail\n\nIt stands in the thread of the mail it answers, is answered to the talk's mailbox, and "
        f"ends so:\n\n{_quote(footer)}\n"
    )
    kept = [f"| {_name(channel)} | {_cell(records[channel])} |" for channel in CHANNELS]
    parts.append(_table("On record afterwards", ("", "the lead"), kept))
    return "".join(parts)


def _name(channel: str) -> str:
    return _WHO.get(channel, CHANNELS[channel])


def _table(title: str, head: Sequence[str], rows: Sequence[str]) -> str:
    return "\n".join(["", f"## {title}", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows, ""])


def _done(channel: str, act: Act | None) -> str:
    match act:
        case None:
            return "*has said so*"
        case Begins(how):
            return f"*{how}*"
        case Taps(label):
            return f"*taps* `{label}`"
        case Presses(keys):
            return f"*presses* {keys}"
        case Says(text):
            verb = {"gather": "says", "relay": "says", "email": "writes, above the quoted mail,"}.get(channel, "writes")
            first = channel == "email" and "\n" in text
            return f"*{'writes' if first else verb}* {_cell(text)}"


def _seen(shown: Sequence[Shown] | None) -> str:
    if shown is None:
        return ""
    return "<br><br>".join(_cell(one.text) + _link(one) + _buttons(one) for one in shown)


def _link(shown: Shown) -> str:
    return f"<br><ins>{shown.link}</ins>" if shown.link else ""


def _buttons(shown: Shown) -> str:
    return "".join(f"{'<br>' if number == 0 else ' '}`{label}`" for number, label in enumerate(shown.buttons))


def _cell(text: str) -> str:
    """A text in one cell: its paragraphs and lines stay, and nothing in it is read as markup."""
    plain = text.strip().replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
    return plain.replace("\n\n", "<br>").replace("\n", "<br>")


def _quote(text: str) -> str:
    return "\n".join(f"> {line}<br>" for line in text.split("\n")).removesuffix("<br>")
