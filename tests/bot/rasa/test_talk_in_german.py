"""How German is read in a talk: yes and no, refusals, questions back, choices, what is taken back."""

from __future__ import annotations

import time

import pytest

from conversation import acted, texts
from parley_rasa.choice_matching import match_choice
from parley_rasa.offered_times import asks_for_times, is_any_time
from parley_rasa.question_talk import asks_about_messages, asks_about_question, has_none, refuses
from parley_rasa.talk_words.de import WORDS
from parley_rasa.typed_answers import normalise, read_agreement, read_yes_no, taken_back, without_turning_off

GOALS = [
    {"value": "demo", "label": "Ich möchte eine Demo sehen", "also": ["eine demo", "vorführung"]},
    {"value": "pricing", "label": "Mir geht es um die Preise", "also": ["preis", "preise", "tarife"]},
    {"value": "looking", "label": "Ich sehe mich nur um", "also": ["nein", "nichts", "nur schauen"]},
]


@pytest.mark.parametrize(
    "text",
    ["ja", "Ja, gerne", "ja bitte", "gerne", "natürlich", "natuerlich", "einverstanden", "auf jeden Fall", "ja passt"]
    + ["klar doch", "ja, das dürfen Sie", "jawohl"],
)
def test_clear_words_are_a_yes_that_binds(text):
    assert (read_yes_no(text, "de"), read_agreement(text, "de")) == (True, True)


@pytest.mark.parametrize("text", ["klar", "passt", "in Ordnung", "von mir aus", "genau", "alles klar", "ja ja", "ja?"])
def test_what_may_only_mean_i_see_is_a_yes_but_binds_nobody(text):
    assert (read_yes_no(text, "de"), read_agreement(text, "de")) == (True, None)


@pytest.mark.parametrize(
    "text",
    [
        "nein",
        "nö",
        "noe",
        "Nein danke",
        "nee danke",
        "lieber nicht",
        "auf keinen Fall",
        "im Moment nicht",
        "kein Interesse",
        "nein, das möchte ich nicht",
        "brauch ich nicht",
        "nein, bitte keine Werbung",
        "ach nein",
        "nei danke",
        "nicht nötig",
    ],
)
def test_clear_words_are_a_no(text):
    assert read_yes_no(text, "de") is False


@pytest.mark.parametrize(
    "text",
    [
        "weiß nicht",
        "nein, aber rufen Sie an",
        "ja aber nicht sofort",
        "jein",
        "nein, kein Problem",
        "vielleicht",
        "danke",
        "gut",
        "bitte",
        "nicht so oft",
        "Neingeist GmbH",
        "naja",
        "kommt drauf an",
        "wenn es nichts kostet",
    ],
)
def test_anything_else_is_neither(text):
    assert read_yes_no(text, "de") is None


@pytest.mark.parametrize(
    "text",
    [
        "überspringen",
        "ueberspringen",
        "weiter",
        "nächste Frage bitte",
        "keine Angabe",
        "k. A.",
        "das geht Sie nichts an",
        "möchte ich nicht sagen",
        "ich will meine Nummer nicht angeben",
        "ich möchte meine Adresse lieber nicht herausgeben",
        "das sage ich nicht",
        "meine Nummer gebe ich nicht raus",
        "muss ich das angeben?",
        "muss das sein",
        "keine Ahnung",
        "weiß ich noch nicht",
        "weiss ned",
        "wissen wir noch nicht so genau",
        "können wir die Frage überspringen",
        "das lassen wir aus",
        "egal",
        "nichts Besonderes",
        "noch offen",
        "keine Telefonnummer",
    ],
)
def test_an_answer_is_declined_in_many_ways(text):
    assert refuses(text, "de")


@pytest.mark.parametrize(
    "text",
    [
        "wir wissen nicht, wer schon bezahlt hat",
        "muss jede Rechnung zweimal abtippen",
        "ich will nicht mehr alles von Hand schreiben",
        "wir können keine Mahnungen verschicken",
        "Weiter GmbH",
        "keine Übersicht über die offenen Posten",
        "niemand zahlt pünktlich",
        "abmelden",
        "nächste Woche",
        "die Kunden geben keine Antwort",
        "Mueller",
        "nicht vor dem Frühjahr",
        "ich gebe jede Rechnung zweimal ein",
        "das weiß bei uns nur die Buchhaltung nicht",
    ],
)
def test_an_answer_or_a_stop_is_no_refusal_to_answer(text):
    assert not refuses(text, "de")


@pytest.mark.parametrize(
    "text",
    [
        "ich habe keine E-Mail",
        "wir haben keine Firma",
        "hab ich nicht",
        "habe leider kein Handy",
        "wir nutzen kein Telefon",
    ],
)
def test_who_has_none_says_so(text):
    assert has_none(text, "de")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "hab leider keinen Screenshot"),
        ("en", "i don't have a screenshot"),
        ("es", "no tengo ninguna captura"),
        ("fr", "je n'ai pas de capture"),
    ],
)
def test_who_has_no_picture_to_send_says_so(language, text):
    assert has_none(text, language)


@pytest.mark.parametrize("text", ["wir haben keine Zeit", "ich habe keinen Überblick", "ich habe eine E-Mail"])
def test_who_lacks_something_else_does_not_say_that_there_is_none(text):
    assert not has_none(text, "de")


@pytest.mark.parametrize(
    "text",
    [
        "warum?",
        "wieso das denn",
        "wozu brauchen Sie das",
        "Wofür brauchen Sie meine Nummer?",
        "warum wollen sie das wissen",
        "wie bitte",
        "hä?",
        "was meinen Sie damit",
        "wie ist das gemeint?",
        "ich verstehe die Frage nicht",
        "versteh ich nicht",
        "was soll ich da schreiben",
        "ist das wichtig?",
        "wo finde ich die",
        "was ist der Unterschied?",
        "warum muss ich das angeben",
        "was machen Sie mit meiner Nummer",
    ],
)
def test_a_question_about_the_question_is_told(text):
    assert asks_about_question(text, "de")


@pytest.mark.parametrize(
    "text",
    [
        "warum schreiben Sie mir",
        "was kostet das",
        "wie immer",
        "wozu ist northwind ledger gut",
        "wo werden die Daten gespeichert",
        "warum zahlen die Kunden zu spät",
        "was passiert mit meinen Daten",
    ],
)
def test_another_question_is_not_about_the_one_asked(text):
    assert not asks_about_question(text, "de")


@pytest.mark.parametrize(
    "text",
    [
        "wie oft?",
        "was für Mails sind das",
        "wie viele im Monat",
        "kann ich mich später abmelden?",
        "und wenn ich nein sage",
    ]
    + ["was steht da drin", "was ist wenn ich nein sage"],
)
def test_questions_about_the_messages_are_told(text):
    assert asks_about_messages(text, "de")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("eine Demo bitte", "demo"),
        ("das erste", "demo"),
        ("die zweite Option", "pricing"),
        ("Nummer 3", "looking"),
        ("ich nehme das letzte", "looking"),
        ("Nr. 2 bitte", "pricing"),
        ("die Tarife", "pricing"),
        ("vorfürung", "demo"),
        ("ich will nur schauen", "looking"),
    ],
)
def test_a_choice_is_named_by_label_place_or_ordinal(text, value):
    match = match_choice(text, GOALS, language="de")
    assert match is not None and match.value == value


@pytest.mark.parametrize(
    "text",
    ["keine Preise", "ich will keine Demo", "weder Demo noch Preise", "Demo oder Tarife", "das fünfte", "ein Termin"],
)
def test_a_choice_that_is_turned_down_or_not_there_is_not_chosen(text):
    assert match_choice(text, GOALS, language="de") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ich kann mich seit gestern nicht mehr einloggen", "login"),
        ("die App geht seit heute früh nicht mehr", "app"),
        ("App startet nicht", "app"),
        ("nicht die App", None),
        ("kein Login", None),
    ],
)
def test_what_does_not_work_is_named_and_not_turned_down(text, value):
    areas = [
        {"value": "login", "label": "Anmeldung", "also": ["login", "einloggen"]},
        {"value": "app", "label": "Die App", "also": ["app"]},
    ]
    match = match_choice(text, areas, language="de")
    assert (match and match.value) == value


@pytest.mark.parametrize(
    ("text", "value", "restated"),
    [
        ("sorry, wir sind 12", "12", True),
        ("nein, ich meinte Anna", "Anna", True),
        ("ich habe mich vertippt, es heißt Lindner", "Lindner", True),
        ("eigentlich Lindner Logistik", "Lindner Logistik", False),
        ("doch lieber per Telefon", "per Telefon", False),
        ("ich meinte Jürgen", "Jürgen", True),
        ("Entschuldigung, das muss heißen 40", "40", True),
    ],
)
def test_what_takes_something_back_is_told_from_what_stands_in_its_place(text, value, restated):
    taken = taken_back(text, "de")
    assert taken is not None
    assert (taken.value, taken.restated) == (value, restated)


@pytest.mark.parametrize("text", ["sorry", "Nehring", "Anna", "Dochtermann", ""])
def test_a_text_that_puts_nothing_in_place_of_anything_takes_nothing_back(text):
    assert taken_back(text, "de") is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("schalten Sie die E-Mails aus", "emails"),
        ("keine SMS mehr", "sms"),
        ("SMS abschalten", "sms"),
        ("bitte kein Telegram", "telegram"),
        ("E-Mail aus", "email"),
    ],
)
def test_what_is_turned_off_is_named(text, named):
    assert without_turning_off(text, "de") == named


@pytest.mark.parametrize(
    "text",
    ["so bald wie möglich", "egal", "ist mir egal", "der früheste Termin", "mir passen alle", "suchen Sie einen aus"],
)
def test_any_time_will_do(text):
    assert is_any_time(text, "de")


@pytest.mark.parametrize(
    "text", ["gibt es am Freitag noch was", "haben Sie auch etwas am Nachmittag", "was ist noch frei"]
)
def test_who_asks_what_is_free_takes_none_yet(text):
    assert asks_for_times(text, "de")


@pytest.mark.parametrize(
    "text",
    [
        "was kostet das",
        "und wo liegen die daten",
        "hallo, gibt es eine app",
        "kann ich das testen",
        "gibts rabatt",
        "können Sie mir sagen was das kostet",
        "für wen ist das gedacht",
        "ich wüsste gern ob das sicher ist",
        "geht das auch auf dem handy",
        "haben Sie einen Telefonsupport",
        "ist das sicher",
    ],
)
def test_a_question_is_told_by_its_words(text):
    assert WORDS.asking.match(text)


@pytest.mark.parametrize(
    "text",
    [
        "wie gesagt",
        "was Neues",
        "haben 40 Mitarbeiter",
        "ist Jürgen",
        "wir sind zehn",
        "ich möchte eine demo",
        "braucht zu viel Zeit",
        "Wolfgang",
        "muss dringend schneller gehen",
    ],
)
def test_what_tells_something_is_no_question(text):
    assert not WORDS.asking.match(text)


@pytest.mark.parametrize(
    "text",
    ["ich möchte eine Demo", "bitte schicken Sie mir den Leitfaden", "hallo, ich brauche Hilfe", "meld mich an"]
    + ["hätte gern einen Termin", "tragen Sie mich ein"],
)
def test_a_request_is_told_by_its_words(text):
    assert WORDS.requesting.match(text)


@pytest.mark.parametrize(
    "text",
    [
        "ich möchte mit einem Menschen sprechen",
        "kann ich mit jemandem reden",
        "ich will lieber mit einem Mitarbeiter sprechen",
    ]
    + ["kann ich bitte mit jemandem aus ihrem team sprechen"],
)
def test_who_wants_a_person_says_so(text):
    assert WORDS.wants_person.search(normalise(text))


@pytest.mark.parametrize(
    "text", ["ich möchte mit einem Mitarbeiter die Mahnungen machen", "ich will mit meinem Chef sprechen"]
)
def test_who_speaks_of_somebody_else_wants_none_of_ours(text):
    assert not WORDS.wants_person.search(normalise(text))


@pytest.mark.parametrize("text", ["Mensch", "mitarbeiter bitte", "MENSCH", "ein echter Mensch", "bitte eine Person"])
def test_the_words_for_a_person_alone_ask_for_one(text):
    assert normalise(text) in WORDS.person


@pytest.mark.parametrize(
    "text",
    [
        "abbrechen",
        "vergiss es",
        "vergessen Sie es",
        "ach lassen wir das",
        "hat sich erledigt",
        "nein, vergiss das alles",
    ]
    + ["ich möchte das abbrechen", "brechen wir das ab", "schon gut"],
)
def test_what_breaks_off_is_told(text):
    assert WORDS.cancels.fullmatch(normalise(text))


@pytest.mark.parametrize(
    "text",
    [
        "meinen Vertrag kündigen",
        "ich kann keine Rechnung stornieren",
        "wir vergessen das Mahnen",
        "lassen Sie mich in Ruhe",
    ],
)
def test_what_only_speaks_of_cancelling_breaks_off_nothing(text):
    assert not WORDS.cancels.fullmatch(normalise(text))


@pytest.mark.parametrize(
    "text", ["Tschüss", "tschuess", "auf Wiedersehen", "schönen Tag noch", "bis morgen", "das war's"]
)
def test_a_goodbye_has_one_of_its_words(text):
    assert WORDS.parting.search(text)


@pytest.mark.parametrize("text", ["morgen", "der Tag", "das war am Montag kaputt"])
def test_what_only_resembles_a_goodbye_has_none(text):
    assert not WORDS.parting.search(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "nicht Tim, sondern Timo"),
        ("de", "nein, ich heiße nicht Tim sondern Timo"),
        ("en", "not Tim but Timo"),
        ("es", "no es Tim, sino Timo"),
        ("fr", "pas Tim mais Timo"),
    ],
)
def test_what_is_wrong_may_come_before_what_is_right(talk, language, text):
    talk.language = language
    answer = talk.at("ask_email", first_name="Tim").say(text)
    assert (acted(answer), talk.slots["first_name"]) == ("correction", "Timo")


@pytest.mark.parametrize(("text", "value"), [("auf keinen Fall", "looking"), ("ja, gerne", "demo")])
def test_another_yes_or_no_is_the_choice_that_is_called_yes_or_no_in_german(talk, text, value):
    asked = {"also": {"demo": ["ja"], "looking": ["nein"]}, "choices": {"demo": {"default": "Zeigen"}}}
    talk.flows.document["wording"]["de"] = {"lead": {"ask_goal": {"text": {"default": "Zeigen?"}, **asked}}}
    talk.language = "de"
    talk.start()
    talk.say(text)
    assert talk.slots["goal"] == value


def test_an_agreement_in_german_is_kept_only_when_it_is_plain(talk):
    talk.language = "de"
    assert texts(talk.at("ask_marketing").say("passt"))[-1].startswith("May Example Ltd")
    assert "marketing" not in talk.slots
    talk.say("ja, einverstanden")
    assert talk.slots["marketing"] == "given"


@pytest.mark.parametrize(
    "piece", ["nein ", "warum ", "ich will nicht ", "die ", "muss ich das ", "sorry, ", "hallo, ", "bitte die frage "]
)
def test_a_hostile_text_of_4000_characters_takes_no_time(piece):
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    match_choice(text, GOALS, language="de")
    read_yes_no(text, "de")
    taken_back(text, "de")
    without_turning_off(text, "de")
    is_any_time(text, "de")
    asks_for_times(text, "de")
    WORDS.asking.match(text)
    WORDS.requesting.match(text)
    WORDS.wants_person.search(text)
    WORDS.cancels.fullmatch(text)
    WORDS.parting.search(text)
    WORDS.instead_of.fullmatch(text[:200])
    for short in (text[:120], text[:90] + " und mehr"):
        refuses(short, "de")
        has_none(short, "de")
        asks_about_question(short, "de")
        asks_about_messages(short, "de")
    assert time.perf_counter() - started < 0.5
