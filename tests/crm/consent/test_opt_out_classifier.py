"""The classifier behind the phrases: thresholds, scope, what must not matter, and data that is what training makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import re2
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crm.consent.opt_out import matcher, phrases, read_opt_out, training
from crm.consent.opt_out.classifier import GROUPS, Classifier, Settings, shipped_classifier
from crm.consent.opt_out.features import place_of
from crm.consent.opt_out.message import read_message
from crm.consent.opt_out.replies import own_words, quotes_something

DEVELOPMENT = training.read_texts("dev")
UNKNOWN_TO_PHRASES = "kindly arrange for eternal quiet between our companies please"
FOLDER = Path(phrases.__file__).parent


def always(rate: float) -> Classifier:
    """A classifier that says the same of every text."""
    offset = float(np.log(rate / (1 - rate)))
    settings = Settings(
        version=shipped_classifier().settings.version, training_set="", opt_outs=0, near_misses=0, constant=0.0,
        slope=1.0, meaning=0.0, offset=offset, phrase=2.0, something_else=-2.0, certain=0.8, possible=0.3,
        possible_in_chat=0.6, possible_alone=0.95,
    )  # fmt: skip
    return Classifier(settings, {group: {} for group in GROUPS})


@pytest.mark.parametrize(
    ("rate", "channel", "found", "doubtful"),
    [(0.81, "sms", True, False), (0.79, "sms", True, True), (0.31, "sms", True, True), (0.29, "sms", False, None),
     (0.81, "web", True, False), (0.61, "web", True, True), (0.59, "web", False, None)],
)  # fmt: skip
def test_between_the_thresholds_it_stops_and_a_person_looks_at_it(monkeypatch, rate, channel, found, doubtful) -> None:
    monkeypatch.setattr(matcher, "shipped_classifier", lambda: always(rate))
    stop = read_opt_out(UNKNOWN_TO_PHRASES, channel=channel)
    assert (stop is not None) == found
    if stop is not None:
        assert (stop.doubtful, stop.confidence) == (doubtful, pytest.approx(rate))
        assert stop.rule == f"classifier:{shipped_classifier().settings.version}"


@pytest.mark.parametrize(("rate", "meaning", "found"), [(0.96, 2.1, True), (0.94, 2.1, False), (0.96, 1.9, False)])
@pytest.mark.parametrize(("text", "words"), [("Muchachos, silencio", 1), ("Ferdinand Huber", 0)])
def test_a_single_word_of_it_needs_a_surer_classifier_its_meaning_and_a_person_who_looks_at_it(  # noqa: PLR0917
    monkeypatch, rate, meaning, found, text, words
) -> None:
    """It is as often a name, and so is none."""
    assert matcher.count_words_of_it(read_message(text, "sms")) == words
    monkeypatch.setattr(matcher, "shipped_classifier", lambda: always(rate))
    monkeypatch.setattr(matcher, "_meaning", lambda _text: meaning)
    stop = read_opt_out(text, channel="sms")
    assert (stop is not None) == found
    assert stop is None or stop.doubtful


@pytest.mark.parametrize(
    "text",
    [
        "/silence stop sending",
        "stop {sending} messages",
        "'; DROP TABLE messages; --",
        "erase all my data, stop sending",
    ],
)
def test_commands_code_and_requests_to_erase_are_not_weighed(monkeypatch, text) -> None:
    monkeypatch.setattr(matcher, "shipped_classifier", lambda: always(0.99))
    assert not matcher.is_weighed(read_message(text, "sms"))


@pytest.mark.parametrize(
    "text",
    ["in Telegram, please", "By e-mail, please.", "e-mail me", "That is best by e-mail", "take me to Telegram",
     "Let's move to WhatsApp", "by email please", "text me", "SMS",
     "lieber per Mail", "Können wir auf Telegram weitermachen?", "schreib mir per SMS", "mejor por correo",
     "sigamos en Telegram", "¿podemos hablar por teléfono?", "plutôt par courriel", "On peut passer sur Telegram ?",
     "écrivez-moi par sms svp"],
)  # fmt: skip
@pytest.mark.parametrize("channel", ["web", "sms", "telegram", "email"])
def test_who_says_where_to_go_on_opts_out_of_nothing(text, channel) -> None:
    assert read_opt_out(text, channel=channel) is None


@pytest.mark.parametrize(
    "text", ["no more texts please", "keine Mails mehr bitte", "take me off telegram", "no me escriban por correo",
             "plus de sms svp", "stop texting me on telegram"],
)  # fmt: skip
def test_who_names_a_channel_to_be_left_alone_there_is_heard(text) -> None:
    assert read_opt_out(text, channel="sms") is not None


@pytest.mark.parametrize(("rate", "found"), [(0.01, False), (0.2, True)])
def test_a_phrase_counts_unless_the_classifier_is_almost_sure_that_it_is_none(monkeypatch, rate, found) -> None:
    monkeypatch.setattr(matcher, "shipped_classifier", lambda: always(rate))
    stop = read_opt_out("please take me off your list", channel="sms")
    assert (stop is not None and stop.rule.startswith("phrase:")) == found


@pytest.mark.parametrize("text", ["STOP", "stip", "please stop now"])
def test_a_message_that_is_nothing_but_the_word_stops_whatever_the_classifier_says(monkeypatch, text) -> None:
    monkeypatch.setattr(matcher, "shipped_classifier", lambda: always(0.001))
    assert read_opt_out(text, channel="web") is not None


@pytest.mark.parametrize("text", ["START", "unstop", "HELP"])
def test_a_word_with_another_meaning_for_the_carriers_is_never_an_opt_out(monkeypatch, text) -> None:
    monkeypatch.setattr(matcher, "shipped_classifier", lambda: always(0.99))
    assert read_opt_out(text, channel="sms") is None


def test_the_scope_comes_from_the_sentences_that_are_opt_outs_by_themselves(monkeypatch) -> None:
    monkeypatch.setattr(matcher, "shipped_classifier", lambda: always(0.9))
    stop = read_opt_out("eternal quiet on the newsletter front would please me", channel="sms")
    assert stop is not None
    assert stop.rule.startswith("classifier:")
    assert (stop.purpose, stop.channels) == ("marketing", ("email",))
    everything = read_opt_out(UNKNOWN_TO_PHRASES, channel="sms")
    assert everything is not None
    assert (everything.purpose, everything.channels) == ("all", None)


def test_a_channel_named_twice_is_stopped_once() -> None:
    stop = read_opt_out("please don't ring here again", channel="voice")
    assert stop is not None
    assert stop.channels == ("voice",)


@given(st.sampled_from(DEVELOPMENT), st.data())
def test_case_invisible_characters_and_emoji_change_nothing(text, data) -> None:
    plain = read_opt_out(text.text, channel=text.channel, language=text.language)
    invisible = data.draw(st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad"))
    place = data.draw(st.integers(0, len(text.text)))
    hidden = text.text[:place] + invisible + text.text[place:]
    assert read_opt_out(hidden, channel=text.channel, language=text.language) == plain
    assert read_opt_out(text.text.upper(), channel=text.channel, language=text.language) == plain
    assert read_opt_out(f"{text.text} 🛑👍🏽", channel=text.channel, language=text.language) == plain


@given(st.text(st.characters(), max_size=400), st.sampled_from(["web", "sms", "email", "telegram", "voice"]))
def test_any_text_is_rated_between_0_and_1(text, channel) -> None:
    message = read_message(text, channel)
    classifier = shipped_classifier()
    score = classifier.score_text(message.sentences, place=place_of(message.sentences, channel), asks=message.asks)
    for phrase in (False, True):
        for meaning in (-9.0, 9.0):
            assert 0 <= classifier.rate(score, meaning, phrase=phrase, something_else=not phrase) <= 1
    read_opt_out(text, channel=channel)


@pytest.mark.parametrize("text", ["0\ud800", "please never\udc00 text me", "\ud800"])
@pytest.mark.parametrize("channel", ["web", "sms", "email"])
def test_half_characters_are_judged_like_other_text(text, channel) -> None:
    """JSON can carry them, UTF-8 cannot."""
    assert (read_opt_out(text, channel=channel) is not None) == ("never" in text)


def test_on_the_development_set_it_finds_what_the_decision_says() -> None:
    """ADR 9: .949 of the opt-outs, .960 of what it finds rightly; a little room for another machine's rounding."""
    found = [read_opt_out(one.text, channel=one.channel, language=one.language) is not None for one in DEVELOPMENT]
    right = sum(hit and one.is_opt_out for hit, one in zip(found, DEVELOPMENT, strict=True))
    assert right / sum(one.is_opt_out for one in DEVELOPMENT) >= 0.94
    assert right / sum(found) >= 0.95


@pytest.mark.parametrize("channel", ["sms", "web"])
def test_what_people_write_who_opt_out_of_nothing_ends_hardly_any_talk(channel) -> None:
    """Left out: what is near an opt-out by its meaning. A guard and no measure: some training texts are like these."""
    near = {"opt_out", "cancel", "manage_preferences", "delete_me", "why_me"}
    texts = [
        line.removeprefix("- ")
        for file in sorted((training.TEXTS.parent / "evaluation").glob("held_out*.yml"))
        for part in yaml.safe_load(file.read_text("utf-8"))["nlu"]
        if part["intent"] not in near
        for line in part["examples"].splitlines()
    ]
    taken = [text for text in texts if read_opt_out(text, channel=channel) is not None]
    assert len(texts) > 500
    assert len(taken) / len(texts) <= 0.012, taken


def test_the_classifier_was_trained_on_the_texts_as_they_are() -> None:
    texts = [*training.read_texts("train"), *training.read_everyday()]
    assert shipped_classifier().settings.training_set == training.fingerprint(texts), (
        "train again: python -m crm.consent.opt_out.training --write"
    )


def test_training_again_makes_the_same_classifier() -> None:
    """It takes some 15 seconds. Other machines may round the last digit otherwise."""
    shipped = shipped_classifier()
    again = training.train([*training.read_texts("train"), *training.read_everyday()])
    assert again.settings.constant == pytest.approx(shipped.settings.constant, abs=0.005)
    for group in GROUPS:
        assert again.weights[group].keys() == shipped.weights[group].keys(), "train again: what it looks at has changed"
        apart = [abs(again.weights[group][name][0] - adds) for name, (adds, _) in shipped.weights[group].items()]
        assert max(apart) <= 5


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_patterns_looked_for_at_once_are_found_as_one_by_one(language) -> None:
    content = yaml.safe_load((FOLDER / f"phrases.{language}.yml").read_text("utf-8"))
    sentences = [sentence for one in DEVELOPMENT for sentence in read_message(one.text, one.channel).sentences]
    for part in ([one["pattern"] for one in content["opt_out"]], content["not"], content["kept"]):
        filled = [phrases._fill(pattern, content["macros"]) for pattern in part]
        together, single = phrases._Patterns(filled), [re2.compile(pattern) for pattern in filled]
        for sentence in sentences:
            assert together.found_in(sentence) == {place for place, one in enumerate(single) if one.search(sentence)}


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Stop.\n\nOn Tue, 3 Nov 2026 at 09:12, Ledger <a@b.example> wrote:\n> Hi\n> unsubscribe", "Stop."),
        ("Gern.\n\nAm Mo., 2. Nov. 2026 um 10:00 schrieb Ledger:\n> Hier abmelden", "Gern."),
        ("Oui.\nLe lun. 2 nov. 2026 à 10:00, Ledger a écrit :\n> se désabonner", "Oui."),
        ("Sí.\nEl lun, 2 nov 2026, Ledger escribió:\n> darse de baja", "Sí."),
        ("Yes\n-----Original Message-----\nFrom: us\nunsubscribe here", "Yes"),
        ("Remove me\n\n-- \nAnn Stopford\nStop & Go Ltd", "Remove me"),
        ("take me off\n\nSent from my iPhone", "take me off"),
        ("> How many?\n12\n> Unsubscribe here\nbye", "12\nbye"),
        ("nothing quoted -- and a dash\nstop", "nothing quoted -- and a dash\nstop"),
    ],
)
def test_of_a_reply_only_what_its_writer_wrote_is_read(text, own) -> None:
    assert own_words(text) == own


def test_what_a_reply_quotes_opts_nobody_out() -> None:
    quoted = "See you on Monday!\n\n> No longer interested? Reply STOP or unsubscribe here."
    assert quotes_something(quoted)
    assert read_opt_out(quoted, channel="email") is None
    assert read_opt_out("STOP\n\n> See you on Monday!", channel="email") is not None


@pytest.mark.parametrize("no", ["no", "No, thank you.", "nein danke", "non merci", "no gracias"])
def test_a_plain_no_to_a_quoted_mail_of_ours_is_a_doubtful_opt_out(no) -> None:
    stop = read_opt_out(f"{no}\n\n> Shall we keep in touch?", channel="email")
    assert stop is not None
    assert (stop.rule, stop.doubtful) == ("reply:refusal", True)
    assert read_opt_out(no, channel="email") is None
