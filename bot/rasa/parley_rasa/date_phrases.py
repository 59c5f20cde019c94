"""How people name days in words that the date library does not read, put in words that it does. Data only."""

from __future__ import annotations

import re

_DAYS_DE = "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
_DAYS_FR = "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
_DAYS_EN = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_DAYS_ES = "lunes|martes|miércoles|jueves|viernes|sábado|domingo"


def _compiled(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in pairs)


REWRITTEN: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "en": _compiled(
        (rf"\b(?:a week (?:on|from)|1 week (?:on|from)) ({_DAYS_EN})\b", r"next week \1"),
        (rf"\b({_DAYS_EN}) week\b", r"next week \1"),
        (r"\b(?:tmrw?|tmr|tomo|tommorow|tommorrow|tomorow)\b", "tomorrow"),
        (r"\bfortnight\b", "2 weeks"),
        (r"\b(?:in )?an? (?=2 weeks\b)", "in "),
        (r"\b(?:an?|(\d+)) (days?|weeks?|months?) from (?:now|today)\b", r"in \1 \2"),
        (r"\bin  ", "in 1 "),
        (r"\bin an? (?=day|week|month|year)", "in 1 "),
    ),
    "de": _compiled(
        (r"\bnaechste", "nächste"), (r"\buebermorgen\b", "übermorgen"), (r"\bmaerz\b", "märz"),
        (r"\bj(?:ä|ae)nner\b", "januar"), (r"\bfeber\b", "februar"),
        (rf"\b({_DAYS_DE}) in (?:1|einer) woche\b", r"nächste woche \1"),
        (r"\bheute in (?:1|einer) woche\b", "in 7 tagen"),
        (rf"\bübernächste[rn]? (?:{_DAYS_DE})\b", ""),  # people do not agree which that is
        (r"\bkommende[rn]? woche\b", "nächste woche"),
        (r"\bin eine[rm]? (?=tag|woche|monat|jahr)", "in 1 "),
    ),
    "es": _compiled(
        (r"\bmiercoles\b", "miércoles"), (r"\bsabado\b", "sábado"), (r"\bmanana\b", "mañana"), (r"\bproxim", "próxim"),
        (r"\bdia(s?)\b", r"día\1"), (r"\bsetiembre\b", "septiembre"),
        (r"\bel día (?=\d)", "el "),
        (r"\bpasado mañana\b", "dentro de 2 días"),
        (r"\bsemana (?:que viene|próxima|que entra)\b", "próxima semana"),
        (rf"\b({_DAYS_ES}) (?:próximo|que viene)\b", r"\1"),
        (r"\ben (?=\d+ (?:día|semana|mes|año))", "dentro de "),
        (r"\bdentro de 15 días\b", "dentro de 14 días"),
        (r"\b(?:en|dentro de) una? (?=día|semana|mes|año)", "dentro de 1 "),
        (r"\b1[ºo°]\.?(?= de)", "1"), (r"\bprimero (?=de )", "1 "),
    ),
    "fr": _compiled(
        (r"\bdecembre\b", "décembre"), (r"\bfevrier\b", "février"), (r"\baout\b", "août"),
        (r"\bapr[eè]s[ -]demain\b", "après-demain"), (r"\bapres\b", "après"), (r"\baujourd ?hui\b", "aujourd'hui"),
        (rf"\b({_DAYS_FR}) en (?:huit|8)\b", r"semaine prochaine \1"),
        (r"\ben (?:huit|8)\b", ""), (r"\bde la semaine prochaine\b", "semaine prochaine"),
        (r"\bdans une? (?=jour|semaine|mois|an)", "dans 1 "),
        (r"\bdans 15 jours\b", "dans 14 jours"), (r"\bdans 8 jours\b", "dans 7 jours"),
        (r"\b1er\b", "1"), (r"\bpremier (?=\w+(?:er|rs|il|ai|in|et|t|bre)\b)", "1 "),
    ),
}  # fmt: skip
NEXT_WEEK = ("nächster woche", "week after", "próxima semana", "semaine prochaine")
"""What sets a weekday a week on, besides what the library knows."""
