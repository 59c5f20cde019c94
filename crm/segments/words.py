"""A rule in words, in English, German, Spanish and French: what somebody is or has done to be in the segment. Pure.

The sentences stand in words.yml. What has no word there, such as a field or a kind of event of one's own, is quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from base.wording import FALLBACK, list_languages, read_sentences
from crm.segments.tree import (
    TOTAL,
    AddressCondition,
    AllOf,
    AnyOf,
    ConsentCondition,
    DateCondition,
    EventCondition,
    FactCondition,
    InSegment,
    NearText,
    Node,
    Not,
    PropertyCondition,
    ScoreCondition,
    SegmentTree,
    TagCondition,
)

_FILE = Path(__file__).with_name("words.yml")
LANGUAGES = tuple(list_languages(_FILE))


def describe(tree: SegmentTree, language: str, segments: Mapping[UUID, str]) -> str:
    """The whole rule as one phrase, without a full stop.

    Args:
        segments: names of those the rule speaks of; one that is absent is called by its id.
    """
    return _Teller(_words(language), segments).tell(tree.root)


def describe_each(tree: SegmentTree, language: str, segments: Mapping[UUID, str]) -> list[str]:
    """Its single conditions, in the order of `tree.leaves()`."""
    teller = _Teller(_words(language), segments)
    return [teller.tell(leaf) for leaf in tree.leaves()]


def _words(language: str) -> Mapping[str, Any]:
    known = read_sentences(_FILE)
    return known.get(language.partition("-")[0].lower(), known[FALLBACK])


@dataclass(frozen=True)
class _Teller:
    words: Mapping[str, Any]
    segments: Mapping[UUID, str]

    def tell(self, node: Node) -> str:
        return self._WAYS[type(node)](self, node)

    def _say(self, sentence_name: str, /, **values: object) -> str:
        sentence: str = self.words["sentences"][sentence_name]
        return sentence.format_map(values)

    def _name(self, group: str, code: str) -> str:
        """A code in words; one nobody gave a word is quoted."""
        found: str | None = self.words[group].get(code)
        return self._quote(code) if found is None else found

    def _quote(self, text: object) -> str:
        return self._say("quote", text=text)

    def _all(self, node: AllOf) -> str:
        return self._join("and", node.all, AnyOf)

    def _any(self, node: AnyOf) -> str:
        return self._join("or", node.any, AllOf)

    def _join(self, word: str, parts: Iterable[Node], other: type) -> str:
        """Parts of the other kind are bracketed, so that a sentence has one reading."""
        told = [
            f"({self.tell(part)})" if isinstance(part, other) and self._several(part) else self.tell(part)
            for part in parts
        ]
        return f" {self.words['joints'][word]} ".join(told)

    @staticmethod
    def _several(node: Node) -> bool:
        return len(node.parts()) > 1

    def _not(self, node: Not) -> str:
        return self._say("not", what=self.tell(node.negated))

    def _fact(self, node: FactCondition) -> str:
        return self._compare(self._name("facts", node.fact), node)

    def _tag(self, node: TagCondition) -> str:
        return self._say("tag", tag=self._quote(node.tag))

    def _date(self, node: DateCondition) -> str:
        measure = node.day.isoformat() if node.day else self._amount(node.days or 0, "days")
        return self._say(f"date_{node.is_}", date=self._name("facts", node.date), measure=measure)

    def _event(self, node: EventCondition) -> str:
        did = self.words["events"].get(node.event) or self._say("other_event", kind=self._quote(node.event))
        with_what = "".join(
            self._say("with", what=self._compare(self._name("properties", one.property), one)) for one in node.where
        )
        if node.count == 0:
            return _tidy(self._say("never", did=did, where=with_what, when=self._when(node)))
        times = "" if (node.times, node.count) == ("at_least", 1) else self._times(node)
        return _tidy(self._say("did", did=did, where=with_what, times=times, when=self._when(node)))

    def _times(self, node: EventCondition) -> str:
        return self._say(f"times_{node.times}", times=self._amount(node.count, "times"))

    def _when(self, node: EventCondition) -> str:
        if node.in_last is not None:
            return self._number(node.in_last.amount, self.words["windows"][node.in_last.unit])
        if node.since is not None and node.until is not None:
            return self._say("between", since=_moment(node.since), until=_moment(node.until))
        if node.since is not None:
            return self._say("since", since=_moment(node.since))
        return "" if node.until is None else self._say("until", until=_moment(node.until))

    def _score(self, node: ScoreCondition) -> str:
        name = (
            self._say("score") if node.score == TOTAL else self._say("score_of", name=self._name("scores", node.score))
        )
        return self._say(f"score_{node.op}", score=name, value=node.value)

    def _consent(self, node: ConsentCondition) -> str:
        purpose, channel = self._name("purposes", node.consent), self._name("channels", node.channel)
        return self._say(f"consent_{node.is_}", purpose=purpose, channel=channel)

    def _address(self, node: AddressCondition) -> str:
        how = {None: "address", True: "address_verified", False: "address_unverified"}[node.verified]
        return self._say(how, address=self._name("addresses", node.address))

    def _segment(self, node: InSegment) -> str:
        return self._say("segment", name=self._quote(self.segments.get(node.segment, node.segment)))

    def _near(self, node: NearText) -> str:
        return self._say("near", text=self._quote(node.near), nearness=node.at_least)

    def _compare(self, what: str, node: FactCondition | PropertyCondition) -> str:
        wanted = node.value if isinstance(node.value, tuple) else (node.value,)
        values = [self._value(one) for one in wanted]
        return self._say(f"op_{node.op}", what=what, value=self._list(values))

    def _value(self, value: object) -> str:
        if isinstance(value, bool):
            yes_or_no: str = self.words["joints"]["yes" if value else "no"]
            return yes_or_no
        return str(value) if isinstance(value, int | float) else self._quote(value)

    def _list(self, values: list[str]) -> str:
        if len(values) < 2:
            return "".join(values)
        return f"{', '.join(values[:-1])} {self.words['joints']['or']} {values[-1]}"

    def _amount(self, number: int, unit: str) -> str:
        return self._number(number, self.words["units"][unit])

    @staticmethod
    def _number(number: int, forms: tuple[str, str]) -> str:
        return forms[0 if number == 1 else 1].format(number=number)

    _WAYS: ClassVar[Mapping[type, Callable[[Any, Any], str]]] = {
        AllOf: _all,
        AnyOf: _any,
        Not: _not,
        FactCondition: _fact,
        TagCondition: _tag,
        DateCondition: _date,
        EventCondition: _event,
        ScoreCondition: _score,
        ConsentCondition: _consent,
        AddressCondition: _address,
        InSegment: _segment,
        NearText: _near,
    }


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}"


def _tidy(sentence: str) -> str:
    """What was left out leaves no gap."""
    return " ".join(sentence.split())
