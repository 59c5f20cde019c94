"""What a language needs to say of how people talk. Data only; reads no text.

Sets and patterns are matched against normalised texts (`typed_answers.normalise`: lower case, no accents, no
punctuation; "don't" is dont, "j'ai" is j ai), unless it says raw. What a language leaves out matches nothing, and
English is read besides every other language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NEVER = re.compile(r"(?!)")


@dataclass(frozen=True)
class TalkWords:
    """How people of one language talk.

    Attributes:
        yes, no: what says so and nothing else.
        plain_yes, plain_no: the words for the two by which a choice may be called.
        lukewarm: those of ``yes`` that may only mean "I see", so that they agree to nothing.
        refusing: what a longer no begins with; ``negations`` make it one, ``hedges`` make it none.
        exclaimed: what may stand before a no.
        hesitation: raw, before a name.
        takes_back: raw, before what is put in the place of an earlier answer ("sorry, …").
        restates: raw, between the two, with what is put in its place as its only group ("I meant …").
        restates_by_itself: raw, the beginning of such a text that needs nothing before it.
        instead_of: raw, "Timo, not Tim", with both as its groups.
        not_but: raw, "not Tim but Timo", with both as its groups.
        ours: raw, what comes before the label of what is corrected ("change my").
        becomes: raw, what comes after it ("should be").
        first_name: what else the first name is called there.
        turns_off: what turns off one kind of message, with what names it as a group.
        ordinals: the words for the first to the ninth.
        position: around a number or an ordinal, which is its group.
        last: the words for the last one.
        negating: words after which a choice that is named is not chosen, with a blank on either side.
        fails: what says that something does not work, a blank on either side: its negation turns nothing down.
        empty: words that do not tell one choice from another.
        any_time: what wants the first time there is.
        asks_for_times: the beginning of a text that asks which times there are.
        no_answer, refuses: what declines to answer.
        has_none: what says that there is no such thing to give.
        asks_back: what asks about the question.
        about_messages: what asks about the messages of a consent text.
        asking: raw, the beginning of a question.
        requesting: raw, the beginning of what asks for something to be done.
        stops, stops_by_phone: words that end all messages; the second only where carriers reserve them.
        person: words that ask for a person; ``wants_person`` in a sentence, ``names_person`` anywhere in it.
        cancels: what breaks off a flow; ``cancels_named`` one whose name is the group.
        goes_on: what goes on and begins nothing anew.
        parting: raw, what a goodbye has in it.
        ourselves: raw, words for the speaker and those with them.
        for_people, places: raw, numbers of people for whom something is booked.
    """

    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    plain_yes: str = ""
    plain_no: str = ""
    lukewarm: frozenset[str] = frozenset()
    refusing: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    hedges: frozenset[str] = frozenset()
    exclaimed: re.Pattern[str] = NEVER
    hesitation: re.Pattern[str] = NEVER
    takes_back: re.Pattern[str] = NEVER
    restates: re.Pattern[str] = NEVER
    restates_by_itself: re.Pattern[str] = NEVER
    instead_of: re.Pattern[str] = NEVER
    not_but: re.Pattern[str] = NEVER
    ours: re.Pattern[str] = NEVER
    becomes: str = "(?!)"
    first_name: tuple[str, ...] = ()
    turns_off: re.Pattern[str] = NEVER
    ordinals: tuple[frozenset[str], ...] = ()
    position: re.Pattern[str] = NEVER
    last: frozenset[str] = frozenset()
    negating: re.Pattern[str] = NEVER
    fails: re.Pattern[str] = NEVER
    empty: frozenset[str] = frozenset()
    any_time: re.Pattern[str] = NEVER
    asks_for_times: re.Pattern[str] = NEVER
    no_answer: frozenset[str] = frozenset()
    refuses: re.Pattern[str] = NEVER
    has_none: re.Pattern[str] = NEVER
    asks_back: re.Pattern[str] = NEVER
    about_messages: re.Pattern[str] = NEVER
    asking: re.Pattern[str] = NEVER
    requesting: re.Pattern[str] = NEVER
    stops: frozenset[str] = frozenset()
    stops_by_phone: frozenset[str] = frozenset()
    person: frozenset[str] = frozenset()
    wants_person: re.Pattern[str] = NEVER
    names_person: re.Pattern[str] = NEVER
    cancels: re.Pattern[str] = NEVER
    cancels_named: re.Pattern[str] = NEVER
    goes_on: frozenset[str] = frozenset()
    parting: re.Pattern[str] = NEVER
    ourselves: re.Pattern[str] = NEVER
    for_people: re.Pattern[str] = NEVER
    places: re.Pattern[str] = NEVER


def said(names: str) -> frozenset[str]:
    """Split what a bar divides."""
    return frozenset(names.split("|"))
