"""The digest as a mail, in words and figures of its reader's language: text, and HTML for light and dark. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from babel import Locale
from babel.dates import format_interval
from babel.numbers import format_currency, format_decimal

from admin.digests.weeks import Report, Week, WeekFigures
from admin.numbers.funnels import Funnel
from admin.task_mails.letter import Letter, one_line
from base import wording

_WORDS = Path(__file__).with_name("words.yml")
_PAGE = Path(__file__).with_name("letter.html")
_BLANK = re.compile(r"\[\[([a-z_]+)\]\]")
_REASONS = 3
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a digest is written for."""

    name: str
    language: str


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    now: str
    before: str
    change: str

    @property
    def figures(self) -> tuple[str, str, str]:
        return self.now, self.before, self.change


class _Words(wording.Sentences):
    def __init__(self, language: str) -> None:
        super().__init__(_WORDS, language)
        self.language = language if language in wording.SPOKEN else wording.FALLBACK

    def reason(self, rule: str | None) -> str:
        """Why messages were held back; rules that have no words of their own are the others."""
        known = f"rule_{rule}" in self._sentences
        return self.say(f"rule_{rule}" if known else "rule_other")

    def figure(self, amount: float) -> str:
        return str(format_decimal(amount, locale=self.language))

    def money(self, amount: float, currency: str) -> str:
        """Without cents: three amounts stand side by side on a phone."""
        pattern = Locale.parse(self.language).currency_formats["standard"].pattern.replace(".00", "")
        return str(format_currency(amount, currency, pattern, locale=self.language, currency_digits=False))

    def period(self, week: Week) -> str:
        return str(format_interval(week.first_day, week.last_day, "yMMMd", locale=self.language))

    def change(self, now: float, before: float) -> str:
        if now == before:
            return "="
        return f"{'+' if now > before else _MINUS}{self.figure(round(abs(now - before)))}"


def write_digest(reader: Reader, report: Report, site_url: str, off_url: str) -> Letter:
    """The mail about one week."""
    words, week = _Words(reader.language), report.week
    base = f"{site_url.rstrip('/')}/admin"
    links = _Links(
        numbers=f"{base}/numbers?from={week.first_day}&to={week.last_day}",
        follow_ups=f"{base}/follow-ups?state=skipped",
        off=off_url,
    )
    mail = _Mail(words, one_line(reader.name), words.period(week), report, links)
    return Letter(words.say("subject", period=mail.period), mail.as_text(), mail.as_html())


@dataclass(frozen=True, slots=True)
class _Links:
    numbers: str
    follow_ups: str
    off: str


@dataclass(frozen=True, slots=True)
class _Mail:
    """One digest, which says the same as text and as HTML."""

    words: _Words
    name: str
    period: str
    report: Report
    links: _Links

    def as_text(self) -> str:
        say = self.words.say
        told = self._quiet_text() if self.report.figures.is_quiet else self._figures_text()
        numbers = f"{say('open')}: {self.links.numbers}"
        footer = ["-- ", say("footer"), say("turn_off_at", url=self.links.off), ""]
        return "\n".join([say("hello", reader=self.name), "", *told, "", numbers, "", *footer])

    def as_html(self) -> str:
        """What is put into the page is escaped here, or was before."""
        say = self.words.say
        said = {
            "language": self.words.language,
            "title": escape(say("title")),
            "period": escape(self.period),
            "hello": escape(say("hello", reader=self.name)),
            "content": self._quiet_html() if self.report.figures.is_quiet else self._figures_html(),
            "numbers": escape(self.links.numbers),
            "open": escape(say("open")),
            "footer": escape(say("footer")),
            "off": escape(self.links.off),
            "turn_off": escape(say("turn_off")),
        }
        return _BLANK.sub(lambda found: said[found[1]], _PAGE.read_text("utf-8"))

    def _quiet_text(self) -> list[str]:
        return [self.words.say("quiet", period=self.period), self.words.say("quiet_hint")]

    def _quiet_html(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self._quiet_text())

    def _figures_text(self) -> list[str]:
        say, figures = self.words.say, self.report.figures
        rows = [_Row("", say("this_week"), say("week_before"), say("change")), *_rows(self.words, self.report)]
        label, figure = max(len(row.label) for row in rows), max(len(each) for row in rows for each in row.figures)
        table = [
            f"{row.label:<{label}}" + "".join(f"  {each:>{figure}}" for each in row.figures).rstrip() for row in rows
        ]
        lines = [f"{say('title')}: {self.period}", "", *table, "", say("by_now")]
        if reasons := _reasons(self.words, figures):
            lines += ["", f"{say('reasons')}:", *(f"* {why}: {told}" for why, told in reasons)]
            lines += [f"  {self.links.follow_ups}"]
        if best := _best(self.words, figures):
            lines += ["", f"{say('best')}:", *(f"* {what}: {told}" for what, told in best)]
        return lines

    def _figures_html(self) -> str:
        say, figures = self.words.say, self.report.figures
        heads = "".join(f'<th class="head">{escape(say(one))}</th>' for one in ("this_week", "week_before", "change"))
        lines = "".join(
            f'<tr><th scope="row" class="label">{escape(row.label)}</th><td class="now">{escape(row.now)}</td>'
            f"<td>{escape(row.before)}</td><td>{escape(row.change)}</td></tr>"
            for row in _rows(self.words, self.report)
        )
        parts = [
            f'<table class="figures"><thead><tr><td></td>{heads}</tr></thead><tbody>{lines}</tbody></table>',
            f'<p class="soft">{escape(say("by_now"))}</p>',
        ]
        if reasons := _reasons(self.words, figures):
            more = f'<a href="{escape(self.links.follow_ups)}">{escape(say("to_follow_ups"))}</a>'
            parts += [_list(say("reasons"), reasons), f'<p class="more">{more}</p>']
        if best := _best(self.words, figures):
            parts.append(_list(say("best"), best))
        return "".join(parts)


def _rows(words: _Words, report: Report) -> list[_Row]:
    now, before = report.figures, report.before
    people = [(name, getattr(now.people, name), getattr(before.people, name)) for name in _PLACES]
    sent = [("opted_out", now.opted_out, before.opted_out), ("held_back", now.held_back, before.held_back)]

    def row(name: str, value: int, was: int) -> _Row:
        return _Row(words.say(name), words.figure(value), words.figure(was), words.change(value, was))

    return [
        *(row(*one) for one in people),
        *_sold_rows(words, now, before),
        *(row(*one) for one in sent),
    ]


_PLACES = ("came", "wrote", "leads", "qualified", "won")


def _sold_rows(words: _Words, now: WeekFigures, before: WeekFigures) -> list[_Row]:
    """One row a currency: amounts in several are never added up."""
    sold, was = ({one.currency: one.value for one in week.sold} for week in (now, before))
    return [
        _Row(
            words.say("revenue", currency=currency),
            words.money(sold.get(currency, 0.0), currency),
            words.money(was.get(currency, 0.0), currency),
            words.change(sold.get(currency, 0.0), was.get(currency, 0.0)),
        )
        for currency in sorted({*sold, *was})
    ]


def _reasons(words: _Words, figures: WeekFigures) -> list[tuple[str, str]]:
    """The most frequent reasons; rules that are said in the same words are one."""
    together: Counter[str] = Counter()
    for one in figures.reasons:
        together[words.reason(one.rule)] += one.messages
    return [(why, words.figure(messages)) for why, messages in together.most_common(_REASONS)]


def _best(words: _Words, figures: WeekFigures) -> list[tuple[str, str]]:
    """What worked best, and its figures."""

    def told(name: str, best: Funnel) -> tuple[str, str]:
        values = {"came": words.figure(best.came), "leads": words.figure(best.leads), "won": words.figure(best.won)}
        return words.say(name, title=_plain(best.name)), words.say("best_figures", **values)

    both = (("best_journey", figures.best_journey), ("best_flow", figures.best_flow))
    return [told(name, best) for name, best in both if best is not None]


def _plain(name: str | None) -> str:
    """A name of a flow or journey as words: lead_nurture is Lead nurture."""
    words = one_line((name or "").replace("_", " "))
    return words[:1].upper() + words[1:]


def _list(title: str, rows: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f'<tr><th scope="row" class="label">{escape(label)}</th><td>{escape(told)}</td></tr>' for label, told in rows
    )
    return f'<h2>{escape(title)}</h2><table class="figures">{items}</table>'
