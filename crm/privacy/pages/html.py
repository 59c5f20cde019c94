"""The pages as HTML: plain, without script, every text escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from crm.privacy.pages.preferences import Preferences
from crm.privacy.pages.words import Words, read_words

_FOLDER = Path(__file__).resolve().parent
STYLE_PATH = "/privacy.css"
_MAILED = ("access", "erase")
_AT_ONCE = ("object_profiling", "restrict", "human_review")


@dataclass(frozen=True)
class Page:
    """A page: its title and what stands in it."""

    title: str
    body: str


def to_html(page: Page, words: Words, path: str) -> str:
    """The whole document."""
    template = Template((_FOLDER / "page.html").read_text("utf-8"))
    current = ' aria-current="true"'
    links = "".join(
        f'<li><a href="{escape(path)}?lang={code}" hreflang="{code}" lang="{code}"'
        f"{current if code == words.language else ''}>{escape(said['language'])}</a></li>"
        for code, said in read_words().items()
    )
    return template.substitute(
        language=words.language,
        title=escape(page.title),
        sender=escape(words.sender),
        style=STYLE_PATH,
        body=page.body,
        languages=escape(words.say("languages")),
        links=links,
    )


def read_style() -> str:
    """The style sheet."""
    return (_FOLDER / "pages.css").read_text("utf-8")


def preferences_page(preferences: Preferences, words: Words, *, data_path: str, told: str | None) -> Page:
    """The preference centre."""
    groups: dict[str, list[str]] = {}
    for choice in preferences.choices:
        whole = choice.channel == "all"
        label = words.say("profiling") if whole else words.say(choice.channel)
        hint = _on_text(choice.name, words) if choice.can_turn_on and not choice.on else None
        if hint is None and whole:
            hint = words.say("profiling_hint")
        if hint is None and not choice.on:
            hint = words.say("only_off")
        box = _box(choice.name, label, hint, on=choice.on, usable=choice.on or choice.can_turn_on)
        groups.setdefault(choice.purpose, []).append(box)
    fields = "".join(
        f'<fieldset class="group"><legend>{escape(_purpose(purpose, words))}</legend>{"".join(boxes)}</fieldset>'
        for purpose, boxes in groups.items()
    )
    body = f"""
<h1>{escape(words.say("preferences_title"))}</h1>
{_told(told)}
<p>{escape(words.say("preferences_lead"))}</p>
<form method="post">{fields}
<button type="submit" name="do" value="save">{escape(words.say("save"))}</button>
</form>
<section class="part"><h2>{escape(words.say("off_title"))}</h2><p>{escape(words.say("off_lead"))}</p>
<form method="post"><button class="quiet" type="submit" name="do" value="off">{escape(words.say("off_button"))}</button>
</form>
</section>
<section class="part"><h2>{escape(words.say("data_title"))}</h2><p>{escape(words.say("data_lead"))}</p>
<p><a class="link" href="{escape(data_path)}?lang={words.language}">{escape(words.say("data_link"))}</a></p>
</section>"""
    return Page(words.say("preferences_title"), body)


def data_page(words: Words, *, back_path: str, told: Iterable[str] = ()) -> Page:
    """What can be asked of us about one's data."""
    asks = "".join(_ask(kind, words) for kind in (*_MAILED, *_AT_ONCE))
    body = f"""
<h1>{escape(words.say("privacy_title"))}</h1>
{"".join(_told(one) for one in told)}
{asks}
<p class="part"><a class="link" href="{escape(back_path)}?lang={words.language}">{escape(words.say("back"))}</a></p>"""
    return Page(words.say("privacy_title"), body)


def question_page(
    words: Words, title: str, text: str, button: str, *, quote: str | None = None, quiet: str = ""
) -> Page:
    """One question and one button."""
    quoted = "" if quote is None else f"<blockquote>{escape(quote)}</blockquote>"
    last = f'<p class="small">{escape(words.say(quiet))}</p>' if quiet else ""
    body = (
        f"<h1>{escape(words.say(title))}</h1><p>{escape(words.say(text))}</p>{quoted}"
        f'<form method="post"><button type="submit">{escape(words.say(button))}</button></form>{last}'
    )
    return Page(words.say(title), body)


def told_page(words: Words, title: str, text: str, *, receipt: str | None = None) -> Page:
    """Something that is done, or cannot be."""
    kept = (
        ""
        if receipt is None
        else f'<label for="receipt">{escape(words.say("receipt"))}</label>'
        f'<textarea id="receipt" rows="6" readonly>{escape(receipt)}</textarea>'
    )
    body = f'<h1>{escape(words.say(title))}</h1><p role="status">{escape(words.say(text))}</p>{kept}'
    return Page(words.say(title), body)


def _on_text(name: str, words: Words) -> str:
    """What somebody agrees to by ticking a box."""
    return words.say("agree_profiling" if name.startswith("profiling/") else "agree")


def texts_of(preferences: Preferences, words: Words) -> dict[str, str]:
    """What stands beside each box that can be ticked, as it is shown, and in which language."""
    shown = {one.name: _on_text(one.name, words) for one in preferences.choices if one.can_turn_on and not one.on}
    return {"language": words.language, **shown}


def _purpose(purpose: str, words: Words) -> str:
    if purpose == "profiling":
        return words.say("about_you")
    return words.say(purpose) if words.knows(purpose) else words.say("other")


def _box(name: str, label: str, hint: str | None, *, on: bool, usable: bool) -> str:
    field = name.replace("/", "-")
    described = "" if hint is None else f' aria-describedby="{escape(field)}-hint"'
    small = "" if hint is None else f'<span class="hint" id="{escape(field)}-hint">{escape(hint)}</span>'
    return (
        f'<div class="choice"><input type="checkbox" id="{escape(field)}" name="on" value="{escape(name)}"'
        f"{' checked' if on else ''}{'' if usable else ' disabled'}{described}>"
        f'<div><label for="{escape(field)}">{escape(label)}</label>{small}</div></div>'
    )


def _ask(kind: str, words: Words) -> str:
    mailed = f" {escape(words.say('mailed_hint'))}" if kind in _MAILED else ""
    look = "" if kind == "access" else ' class="quiet"'
    return (
        f'<section class="part"><h2 id="{kind}">{escape(words.say(kind))}</h2>'
        f'<p id="{kind}-hint">{escape(words.say(f"{kind}_hint"))}{mailed}</p>'
        f'<form method="post"><button{look} type="submit" name="do" value="{kind}" aria-describedby="{kind}-hint">'
        f"{escape(words.say(kind))}</button></form></section>"
    )


def _told(text: str | None) -> str:
    return "" if text is None else f'<p class="told" role="status">{escape(text)}</p>'
