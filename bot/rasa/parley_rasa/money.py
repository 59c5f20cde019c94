"""Find a sum of money or a budget in a text, in English, Spanish, French or German. Pure; in doubt, none.

Libraries for prices read one price of a web shop's label; here people write "20k euros" and "between 5 and 10 mil".
"""

from __future__ import annotations

import re

from parley_rasa.quantities import placed_numbers, plain, read_number
from parley_rasa.ranges import find_range, spread

_CURRENCY = re.compile(
    r"[€$£¥]|\b(?:eur|euros?|usd|dollars?|dólares?|dolares|gbp|pounds?|quid|libras?|livres sterling|pfund|chf|francs?"
    r"|franken|francos?|bucks|pesos?|mxn|yen)\b",
    re.IGNORECASE,
)
_NEAR = re.compile(r"\s?(?:(?:de|d'|of|d’)\s?)?")  # between a number and its currency: "un millón de euros"
_MILLIONS = re.compile(
    r"(?<=\d)\s?(?:mm?|mio|mn|mln)\.?(?=\s?(?:[€$£]|eur|usd|dollar|pound|d[oó]lar|chf))", re.IGNORECASE
)
_MILLIONS_AFTER = re.compile(r"([€$£]\s?\d+(?:[.,]\d+)?)\s?(?:m|mn|mln)\b", re.IGNORECASE)
_BUDGET = re.compile(r"\b(?:budgets?|presupuestos?|etat|budgetiert|budgeted|presupuestado)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[;!?]|[.,](?!\d)")
_SPEND = re.compile(
    r"\b(?:(?:can|could|want to|would like to|plan to) (?:spend|invest|pay)"
    r"|(?:podemos|queremos|puedo|quiero) (?:gastar|invertir|pagar)"
    r"|(?:pouvons|peux|peut|voulons|voudrions|voudrais) (?:dépenser|investir|mettre|payer)"
    r"|ausgeben|investieren|zahlen)\b",
    re.IGNORECASE,
)
_OTHER_UNIT = re.compile(
    r"\s?(?:%|percent|prozent|por ciento|pour ?cent|people|users?|seats?|staff|employees|leute|personen"
    r"|mitarbeiter\w*"
    r"|personas|empleados|usuarios|personnes|utilisateurs|employés|days?|weeks?|months?|years?|tage?n?|wochen?"
    r"|monate?n?"
    r"|jahre?n?|días?|semanas?|mes(?:es)?|años?|jours?|semaines?|mois|ans?|h|hours?|hrs?|stunden?|horas?|heures?|uhr|licen[cs]es?|licencias|lizenzen)\b"
    r"|\s?%",
    re.IGNORECASE,
)


def read_money(text: str, language: str = "en") -> int | float | None:
    """Return the sum of money in a text: the one number that stands beside a currency, or the first of a range."""
    text = _in_words(text)
    span = find_range(text, language)
    if span is not None and _touches_currency(span.said, span.start, span.end):
        return span.low
    said = spread(text, language)
    sums = {number for number, start, end in placed_numbers(said) if _touches_currency(said, start, end)}
    return plain(sums.pop()) if len(sums) == 1 else None


def read_budget(text: str, language: str = "en") -> int | float | None:
    """Return the budget that a text may tell: a sum of money, or the number that is said to be the budget."""
    found = read_money(text, language)
    return found if found is not None else find_budget(text, language)


def find_budget(text: str, language: str = "en") -> int | float | None:
    """Return the budget that a text clearly tells ("our budget is 20k"), and not any sum of money."""
    if _BUDGET.search(text):
        found = read_money(text, language)
        return found if found is not None or _CURRENCY.search(text) else _beside_budget(text, language)
    return read_money(text, language) if _SPEND.search(text) else None


def read_asked_budget(text: str, language: str = "en") -> int | float | None:
    """Read the answer to "what is your budget?", which need not say a currency."""
    found = read_budget(text, language)
    if found is None and not _CURRENCY.search(text):
        return _alone(text, language)
    return found


def _beside_budget(text: str, language: str) -> int | float | None:
    """Return the number that goes with the word: after it in the same clause, else before it, else the only one."""
    word = _BUDGET.search(text)
    if word is None:
        return None
    after = _CLAUSE.split(text[word.end() :], maxsplit=1)[0]
    before = _CLAUSE.split(text[: word.start()])[-1]
    for part in (after, before, text):
        if any(map(str.isdigit, spread(part, language))):
            return _alone(part, language)
    return None


def _alone(text: str, language: str) -> int | float | None:
    span = find_range(text, language)
    if span is not None:
        return None if _OTHER_UNIT.match(span.said, span.end) else span.low
    said = spread(text, language)
    of_other = any(_OTHER_UNIT.match(said, end) for _, _, end in placed_numbers(said))
    number = None if of_other else read_number(text, language)
    return number if number is not None and number >= 0 else None


def _in_words(text: str) -> str:
    text = re.sub(r",\s?[-–](?=\s|$|[€$£.])", "", text)  # "20.000,- €"
    text = re.sub(r"(?<=\d)/(?=[^\W\d])", " / ", text)  # "£500/month"
    return _MILLIONS_AFTER.sub(r"\1 million", _MILLIONS.sub(" million ", text))


def _touches_currency(said: str, start: int, end: int) -> bool:
    return any(
        (start - mark.end() >= 0 and _NEAR.fullmatch(said[mark.end() : start]) is not None)
        or (mark.start() - end >= 0 and _NEAR.fullmatch(said[end : mark.start()]) is not None)
        for mark in _CURRENCY.finditer(said)
    )
