"""How people write numbers that the number library does not read, by language. Data only; reads no text."""

from __future__ import annotations

import re

Rewriting = tuple[re.Pattern[str], str]

TIMES = {
    "k": 1e3, "thousand": 1e3, "tausend": 1e3, "tsd": 1e3, "mil": 1e3, "mille": 1e3, "mio": 1e6, "million": 1e6,
    "millions": 1e6, "millionen": 1e6, "millón": 1e6, "millon": 1e6, "millones": 1e6, "hundred": 1e2, "grand": 1e3,
    "dozen": 12, "dozens": 12, "dutzend": 12, "docena": 12, "docenas": 12, "decena": 10, "decenas": 10,
    "veintena": 20, "centenar": 100, "centenares": 100, "millar": 1e3, "millares": 1e3,
    "dizaine": 10, "dizaines": 10, "douzaine": 12, "douzaines": 12, "quinzaine": 15, "vingtaine": 20, "trentaine": 30,
    "quarantaine": 40, "cinquantaine": 50, "soixantaine": 60, "centaine": 100, "centaines": 100, "millier": 1e3,
    "milliers": 1e3,
}  # fmt: skip
"""Words that multiply the number before them, or stand for one of their own after an article."""
_COLLECTIVE = {
    "es": "docena|decena|veintena|centenar|millar|millón|millon",
    "fr": "dizaine|douzaine|quinzaine|vingtaine|trentaine|quarantaine|cinquantaine|soixantaine|centaine|millier"
    "|million",
    "de": "dutzend|million",
}


def _pairs(*pairs: tuple[str, str]) -> tuple[Rewriting, ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), replacement) for pattern, replacement in pairs)


BEFORE_DIGITS: dict[str, tuple[Rewriting, ...]] = {
    "en": _pairs(
        (r"\bhalf an? (?=dozen|million|hundred)", "0.5 "),
        (r"\bhundred and ", "hundred "),
        (r"\ba (?=hundred|thousand|million)", "one "),
        (r"\ba (?=dozen)", "1 "),
        (r"\bone (?=stars?\b|points?\b)", "1 "),
    ),
    "de": _pairs(
        (r"\b(?:anderthalb|eineinhalb|einenhalben)\b", "1.5"),
        (r"\bzweieinhalb\b", "2.5"),
        (r"\b(?:eine?n? )?halbe[sn]? (?=dutzend|million)", "0.5 "),
        (rf"\beine?n? (?={_COLLECTIVE['de']})", "1 "),
        (r"\bzwoelf", "zwölf"), (r"\bfuenf", "fünf"), (r"dreissig", "dreißig"), (r"\bzwo\b", "zwei"),
        (r"\btsd\.", "tsd"), (r"\bmio\.", "mio"),
    ),
    "es": _pairs(
        (r"\bm[aá]s o menos\b", "unos"),
        (r"\byo y (?=\w)", "yo con "),  # which the number library takes for "and two"
        (r"\bmedi[oa] (?=docena|mill[oó]n|centenar)", "0.5 "),
        (r"\bun mill[oó]n y medio\b", "1.5 millón"),
        (rf"\b(?:una?) (?={_COLLECTIVE['es']})", "1 "),
        (r"\bveinti[uú]n\b", "veintiuno"), (r"\bdieciséis\b", "dieciseis"), (r"(?<=a) y un\b", " y uno"),
        (r"\bveintidós\b", "veintidos"), (r"\bveintitrés\b", "veintitres"), (r"\bveintiséis\b", "veintiseis"),
    ),
    "fr": _pairs(
        (r"\b(?:une )?demi[- ](?=douzaine)", "0.5 "), (r"\b(?:un )?demi[- ](?=million)", "0.5 "),
        (r"\bun million et demi\b", "1.5 million"),
        (rf"\bune? (?:bon(?:ne)? |petite? |grosse )?(?={_COLLECTIVE['fr']})", "1 "),
    ),
}  # fmt: skip
"""What is put in other words before number words become digits."""
ONE = {
    "en": frozenset(("one", "single")), "de": frozenset(("eins", "ein", "eine", "einen")),
    "es": frozenset(("uno", "un", "una")), "fr": frozenset(("un", "une")),
}  # fmt: skip
"""Words that may mean one, and an article or a pronoun as well."""
ME = {"en": "me|myself|i", "de": "ich|mich|mir", "es": "yo", "fr": "moi"}
BESIDES = {"en": r"and|plus|\+|with", "de": r"und|plus|\+|mit", "es": r"y|e|m[aá]s|\+|con", "fr": r"et|plus|\+|avec"}
ANOTHER = {
    "en": r"(?:my|an?|the|one|another) (?:other )?[^\W\d_]+",
    "de": r"(?:meine?m?|eine?m?) (?:anderer? )?[^\W\d_]*(?:frau|mann|schwester|bruder|mutter|vater|tochter|sohn|chef"
    r"|partner|kollege|mitarbeiter|freund|in)|meiner [^\W\d_]+",
    "es": r"(?:mi|una?|otr[oa]) [^\W\d_]+(?<!s)",
    "fr": r"(?:mon|ma|une?|l'autre) [^\W\d_]+",
}
"""One more person than oneself: "my wife and I", "ich und mein Bruder". A word for several is none."""
ON_ONES_OWN = {
    "de": "(?:nur |allein |bin )*(?:ich|mich)(?: allein| nur)*",
    "es": "(?:s[oó]lo |solamente |soy )*(?:yo|yo mism[oa])(?: sol[oa])?",
    "fr": "(?:juste |seulement |que |uniquement )*moi(?: seule?| tout seul| toute seule)?",
}
"""How someone says that nobody else comes or works there."""
