"""How people say the time of day, by language, in lower case. Data only; reads no text."""

from __future__ import annotations

from dataclasses import dataclass

Spoken = tuple[str, int, int]


@dataclass(frozen=True)
class ClockWords:
    """Regular expressions.

    Attributes:
        at: words before an hour, which make a bare number one.
        hour: words or signs after it, which do the same.
        joint: what may stand between hours and minutes besides a colon.
        rewritten: what is put in other words first, as (pattern, replacement).
        spoken: minutes said in words, as (pattern with the groups h and perhaps m, minutes to add to the hour, and
            whether m itself is added, taken off or not there: 1, -1 or 0).
        begin: words before the first of two hours that bound a span; ``until`` stands between them.
        morning, afternoon: parts of the day.
        today: parts of the present day.
        noon, midnight: times by name.
        soon: so long from now, as the groups n and hours or minutes.
        now: the present moment.
    """

    at: str
    hour: str
    joint: str
    rewritten: tuple[tuple[str, str], ...]
    spoken: tuple[Spoken, ...]
    begin: str
    until: str
    morning: str
    afternoon: str
    today: str
    noon: str
    midnight: str
    soon: str
    now: str


_H = r"(?P<h>\d{1,2})"
_M = r"(?P<m>5|10|20|25)"
_HALVES = "morgen|vormittag|mittag|nachmittag|abend"
WORDS = {
    "en": ClockWords(
        at=r"at|around|about|by|from|after|until|approx\.?",
        hour=r"o'?clock|hrs?|hours|h",
        joint=r"h",
        rewritten=(
            (r"\b(at|around|about|by|past|to|after|from) one\b", r"\1 1"),
            (r"\bone (?=o'?clock|pm\b|p\.m|am\b|a\.m|thirty|fifteen|forty)", "1 "), (r"^\W*one\W*$", "1"),
        ),
        spoken=(
            (rf"half past {_H}", 30, 0), (rf"half {_H}", 30, 0), (rf"(?:a )?quarter (?:past|after) {_H}", 15, 0),
            (rf"{_M}(?: minutes?)? (?:past|after) {_H}", 0, 1), (rf"(?:a )?quarter (?:to|before|of"
                rf"|till) {_H}", -15, 0),
            (rf"(?<!from )(?<!between ){_M}(?: minutes)? (?:to|before|till) {_H}", 0, -1),
        ),
        begin="from|between", until="to|and|until|till",
        morning=r"(?<!good )\b(?:in the |this |early |early in the )?mornings?\b",
        afternoon=r"(?<!good )\b(?:in the |this |late |early |at )?(?:afternoon|evening|night)\b|\btonight\b",
        today=r"\b(?:this (?:morning|afternoon|evening)|tonight)\b",
        noon=r"\b(?:noon|midday)\b", midnight=r"\bmidnight\b",
        soon=r"\bin (?:about )?(?P<n>\d{1,3}|half an|an?|one)\s?(?:(?P<hours>hours?|hrs?)|(?P<minutes>minutes?"
            r"|mins?))\b",
        now=r"(?:right )?now|immediately|straight away",
    ),
    "de": ClockWords(
        at=r"um|gegen|ab|ca\.?|circa|nach|vor",
        hour=r"uhr|h",
        joint=r"h|\s?uhr(?: und)?\s",
        rewritten=(
            (rf"\b(montag|dienstag|mittwoch|donnerstag|freitag|samstag)({_HALVES})\b", r"\1 \2"),
            (r"\b(um|gegen|ab|nach|vor|halb|viertel|dreiviertel) eins\b", r"\1 1"), (r"\beine? (?=uhr\b)", "1 "),
            (r"^\W*eins\W*$", "1"),
        ),
        spoken=(
            (rf"{_M}(?: minuten)? vor halb {_H}", -30, -1), (rf"{_M}(?: minuten)? nach halb {_H}", -30, 1),
            (rf"halb {_H}", -30, 0), (rf"dreiviertel {_H}", -15, 0), (rf"viertel nach {_H}", 15, 0),
            (rf"viertel vor {_H}", -15, 0), (rf"viertel {_H}", -45, 0), (rf"{_M}(?: minuten)? nach {_H}", 0, 1),
            (rf"{_M}(?: minuten)? vor {_H}", 0, -1),
        ),
        begin="von|zwischen", until="bis|und",
        morning=r"\b(?:morgens|(?:am )?vormittags?|fr[üu]h|am morgen|in der fr[üu]h)\b"
        r"|(?<=tag )morgen\b|(?<=mittwoch )morgen\b|(?<=heute )morgen\b",
        afternoon=r"(?<!guten )\b(?:am )?(?:nachmittags?|abends?|nachts)\b",
        today=r"\bheute\b",
        noon=r"\b(?:zu |am )?mittags?\b", midnight=r"\b(?:um )?mitternachts?\b",
        soon=r"\bin (?:etwa )?(?P<n>\d{1,3}|einer halben|einer)\s?(?:(?P<hours>stunden?)|(?P<minutes>minuten?))\b",
        now=r"jetzt(?: gleich)?|sofort|gleich",
    ),
    "es": ClockWords(
        at=r"(?:a|sobre|hacia|a eso de|desde|a partir de|para|antes de|después de) las?|las?",
        hour=r"hrs?\.?|horas?|h\.?|en punto",
        joint=r"h|\s?horas?(?: y)?\s|\s?y\s|\s?con\s",
        rewritten=((r"\bla una\b", "la 1"), (r"^\W*una\W*$", "1"), (r"\bmenos (?=cinco|diez|veinte|\d)", "menos_ ")),
        spoken=(
            (rf"{_H} y media", 30, 0), (rf"{_H} y cuarto", 15, 0), (rf"{_H} menos cuarto", -15, 0),
            (rf"{_H} menos_ {_M}", 0, -1), (rf"{_H} y {_M}", 0, 1), (rf"un cuarto para las? {_H}", -15, 0),
            (rf"{_M} para las? {_H}", 0, -1),
        ),
        begin="de|desde|entre|de las?|desde las?|entre las?", until="a|y|hasta|a las?|hasta las?|y las?",
        morning=r"\b(?:de|por|en) la (?:ma[ñn]ana|madrugada)\b|\besta ma[ñn]ana\b",
        afternoon=r"\b(?:de|por|en|a) la (?:tarde|noche)\b|\besta (?:tarde|noche)\b|\bdel mediod[ií]a\b"
        r"|(?<!más )(?<!mas )\b(?:tarde|noche)\b",
        today=r"\besta (?:tarde|noche|ma[ñn]ana)\b",
        noon=r"\b(?:al? )?mediod[ií]a\b", midnight=r"\b(?:a )?medianoche\b",
        soon=r"\b(?:en|dentro de) (?P<n>\d{1,3}|una|media)\s?(?:(?P<hours>horas?)|(?P<minutes>minutos?))\b",
        now=r"ahora(?: mismo)?|ya mismo|enseguida",
    ),
    "fr": ClockWords(
        at=r"à|a|vers|dès|autour de|après|avant|à partir de|sur les",
        hour=r"heures?|hrs?|h",
        joint=r"\s?h\s?|\s?heures?\s",
        rewritten=((r"\bune (?=heure)", "1 "), (r"\bmoins (?=cinq|dix|vingt|\d)", "moins_ "),
                   (r"\bmidi et demie?\b", "12h30"), (r"\bmidi et quart\b", "12h15")),
        spoken=(
            (rf"{_H}\s?(?:heures?|h)? et demie?", 30, 0), (rf"{_H}\s?(?:heures?|h)? et quart", 15, 0),
            (rf"{_H}\s?(?:heures?|h)? moins le quart", -15, 0), (rf"{_H}\s?(?:heures?|h)? moins_ {_M}", 0, -1),
        ),
        begin="de|entre", until="à|et|jusqu'à",
        morning=r"\b(?:du |le |ce )?matin\b|\bdans la matinée\b",
        afternoon=r"(?<!bonne )(?<!bon )(?:\bcet |\bde l'|\bdans l'|\bl')?\bapr[èe]s[- ]midi\b|\b(?:du |le "
            r"|ce )?soir\b",
        today=r"\b(?:ce (?:matin|soir)|cet apr[èe]s[- ]midi)\b",
        noon=r"(?<!après-)(?<!après )(?<!apres )(?<!apres-)\b(?:à )?midi\b", midnight=r"\b(?:à )?minuit\b",
        soon=r"\bdans (?:environ )?(?P<n>\d{1,3}|une demi[- ]|une)\s?(?:(?P<hours>heures?|h)|(?P<minutes>minutes?"
            r"|min))\b",
        now=r"maintenant|tout de suite|immédiatement",
    ),
}  # fmt: skip
HALF = ("half an", "einer halben", "media", "une demi-", "une demi ")
"""What stands for half in ``soon``; other words stand for one."""
NO_HOUR = (
    r"jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]|ene|abr|ago|dic|f[ée]v|avr|juin|ao[uû]|d[ée]c"
    r"|de (?:ene|feb|mar|abr|may|jun|jul|ago|sep|oct|nov|dic)"
    r"|days?|weeks?|months?|years?|people|minutes?|mins?|euros?|eur|percent|%|tage|woche|monat|jahr|leute|person"
    r"|minuten"
    r"|prozent|d[ií]as?|semana|mes|año|minutos|empleado|jours?|semaine|mois|ans?\b|personnes|st\b|nd\b|rd\b|th\b|er\b"
)
"""What after a number tells that it is no hour."""
