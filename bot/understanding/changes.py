"""What a proposal changes in the contents: examples of an intent, questions of an article, or an article more. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from base.errors import Conflict, InvalidInput, NotFound
from bot.knowledge.importing.drafted import LONGEST_LINE, Drafted, file_name
from bot.understanding.added_examples import NotAdded, add_examples
from bot.understanding.added_questions import add_questions
from bot.understanding.example_texts import LONGEST_EXAMPLE, LONGEST_QUESTION, TextsRefused, check_texts, tidy
from flows.content_tree import INTENTS, KNOWLEDGE, ContentTree, Files
from flows.errors import FlowError, FlowsRefused
from flows.intent_examples import compared, examples_by_intent, training_files
from flows.knowledge import parse_article
from flows.marked_yaml import UnreadableYAML

Kind = Literal["intent", "article"]

_INTENT = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")


class NothingNew(Conflict):
    """All of these texts are there already: nothing would change."""

    code = "nothing_new"


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        target: the intent, or the article's file without `.md`; of a new article, empty until it is made ready.
        title, body: of a new article.
    """

    kind: Kind
    target: str
    language: str
    texts: Sequence[str]
    title: str | None = None
    body: str | None = None

    @property
    def item(self) -> str:
        """The item of content that it changes."""
        return INTENTS if self.kind == "intent" else KNOWLEDGE

    @property
    def makes_article(self) -> bool:
        return self.body is not None


def make_ready(change: Change, tree: ContentTree) -> Change:
    """The change as it would be made in these contents: texts tidied, those left out that are there, target named.

    Raises:
        InvalidInput: that is no name of an intent, or no language.
        TextsRefused: some texts cannot be taken.
        NothingNew: all of them are there.
        NotFound: there is no such article.
        FlowsRefused, NotAdded, QuestionsNotAdded: the contents cannot take them.
    """
    if change.kind == "intent" and not _INTENT.fullmatch(change.target):
        message = "An intent is named in lower case with underscores, such as ask_shipping."
        raise InvalidInput(errors=[{"field": "target", "message": message}])
    if not _LANGUAGE.fullmatch(change.language):
        raise InvalidInput(errors=[{"field": "language", "message": "A language is written like en or de-AT."}])
    tidied = replace(change, texts=tidy(change.texts))
    check_texts(tidied.texts, longest=LONGEST_EXAMPLE if change.kind == "intent" else LONGEST_QUESTION)
    ready = _for_intent(tidied, tree) if change.kind == "intent" else _for_article(tidied, tree)
    apply(ready, tree)
    return ready


def apply(change: Change, tree: ContentTree) -> dict[str, dict[str, str]]:
    """The contents with the change made.

    Raises:
        NotFound, FlowsRefused, NotAdded, QuestionsNotAdded: as for `make_ready`.
    """
    files = tree.get(change.item, {})
    if change.kind == "intent":
        changed = add_examples(files, change.target, change.language, change.texts)
    else:
        changed = {**files, f"{change.target}.md": _article(change, files)}
    return {**{item: dict(kept) for item, kept in tree.items()}, change.item: changed}


def _for_intent(change: Change, tree: ContentTree) -> Change:
    known = _intents_of(training_files(tree))
    problems = {
        number: f"It is an example of {known[compared(text)]} already: take it out there first, or choose that intent."
        for number, text in enumerate(change.texts)
        if known.get(compared(text), change.target) != change.target
    }
    if problems:
        raise TextsRefused(problems)
    return _with_new(change, known)


def _for_article(change: Change, tree: ContentTree) -> Change:
    files = tree.get(KNOWLEDGE, {})
    if change.makes_article:
        if not (change.title or "").strip():
            raise InvalidInput(errors=[{"field": "title", "message": "An article needs a title."}])
        name = file_name(change.title or "", files).removesuffix(".md")
        return replace(change, target=name)
    errors: list[FlowError] = []
    answer = parse_article(_get(files, change.target), f"{KNOWLEDGE}/{change.target}.md", errors)
    if answer is None:
        raise FlowsRefused(errors)
    return _with_new(change, dict.fromkeys(map(compared, answer.about.questions), change.target))


def _with_new(change: Change, known: Mapping[str, str]) -> Change:
    texts = [text for text in change.texts if compared(text) not in known]
    if not texts:
        raise NothingNew
    return replace(change, texts=texts)


def _article(change: Change, files: Files) -> str:
    file = f"{KNOWLEDGE}/{change.target}.md"
    if not change.makes_article:
        return add_questions(_get(files, change.target), file, change.texts)
    if f"{change.target}.md" in files:
        raise Conflict(f"There is an article {change.target} by now: propose this one again.")
    if len(change.title or "") > LONGEST_LINE:
        raise InvalidInput(errors=[{"field": "title", "message": f"It has more than {LONGEST_LINE} characters."}])
    drafted = Drafted(
        file, 1, change.title or "", change.body or "", language=change.language, questions=tuple(change.texts)
    )
    errors: list[FlowError] = drafted.faults()
    if errors:
        raise FlowsRefused(errors)
    return drafted.text()


def _get(files: Files, article: str) -> str:
    try:
        return files[f"{article}.md"]
    except KeyError:
        raise NotFound(f"There is no article {article!r}.") from None


def _intents_of(files: Files) -> dict[str, str]:
    """Of each example, as it is compared, the intent."""
    try:
        by_intent = examples_by_intent(files)
    except UnreadableYAML as error:
        raise NotAdded(f"A file of examples cannot be read: {error}.") from error
    return {compared(text): intent for intent, texts in by_intent.items() for text in texts}
