"""Opt-outs in the carriers' words and in anybody's."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.consent.opt_out import read_keyword, read_opt_out
from crm.consent.opt_out.plain_words import reduce_to_words

_ALWAYS = ("stop", "stopall", "stop all", "unsubscribe", "revoke", "optout", "opt out", "opt-out", "arret", "parar")
_NOT_ON_WEB = ("cancel", "end", "quit", "alto")
_NOISE = st.text(st.sampled_from(" .,!?¡-_'\"()*~\t\n\u200b\u200d\ufeff\u00ad\ufe0f😀🛑👍🏽❤️"), max_size=6)


def found_everything(text: str, channel: str) -> bool:
    found = read_opt_out(text, channel=channel)
    return found is not None and (found.purpose, found.channels, found.doubtful) == ("all", None, False)


@given(st.sampled_from(_ALWAYS), _NOISE, _NOISE, st.sampled_from(["web", "sms", "email", "telegram", "voice"]))
def test_an_opt_out_word_counts_on_every_channel_whatever_surrounds_it(word, before, after, channel) -> None:
    for spelled in (word, word.upper(), word.title()):
        assert found_everything(f"{before}{spelled}{after}", channel)


@given(st.sampled_from(_NOT_ON_WEB), _NOISE)
def test_words_that_may_answer_a_form_stop_everything_except_in_the_web_chat(word, noise) -> None:
    assert found_everything(f"{word.upper()}{noise}", "sms")
    assert read_opt_out(f"{word.upper()}{noise}", channel="web") is None


@given(st.sampled_from(_ALWAYS), st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad"), st.integers(0, 12))
def test_invisible_characters_inside_hide_nothing(word, invisible, place) -> None:
    assert found_everything(word[:place] + invisible + word[place:], "web")


@pytest.mark.parametrize(
    "text",
    ["ＳＴＯＰ", "ARRÊT", "arre\u0302t", "𝐒𝐓𝐎𝐏", "S.T.O.P.", "Opt‑Out", "opt\nout", "ſtop", "STOOOOP!!", "ssstoppp"],
)
def test_other_ways_to_write_a_word_are_the_word(text) -> None:
    assert found_everything(text, "web")


@pytest.mark.parametrize(
    "text", ["🛑", "🚫💬 danke", "🙅‍♂️ message", "✋ sms pls", "🔕 para siempre", "🚫 ✉️", "🛑🛑 svp"]
)
def test_signs_of_no_messages_are_a_doubtful_opt_out(text) -> None:
    stop = read_opt_out(text, channel="sms")
    assert stop is not None
    assert (stop.rule, stop.purpose, stop.doubtful) == ("signs", "all", True)


@pytest.mark.parametrize("text", ["❌", "🙅", "🚫 parking", "❌ Montag ✅ Mittwoch", "✋ me", "✉️ please", "👍"])
def test_signs_that_say_no_to_something_else_are_left_to_the_dialogue(text) -> None:
    assert read_opt_out(text, channel="sms") is None


def test_words_that_say_it_are_not_doubted_for_a_sign_beside_them() -> None:
    plain = read_opt_out("no more texts pls", channel="sms")
    assert plain is not None
    assert not plain.doubtful
    assert read_opt_out("✋ no more texts pls 🛑", channel="sms") == plain


@pytest.mark.parametrize(
    "address", ["ada@sms.example.com", "no.more.mails@x.org", "nospam@gmx.de", "stop@stop.com", "www.no-more-mails.org"]
)
@pytest.mark.parametrize("channel", ["web", "sms", "email", "telegram"])
def test_an_address_says_nothing_whatever_it_is_made_of(address, channel) -> None:
    assert read_opt_out(address, channel=channel) is None
    assert read_opt_out(f"My address is {address}", channel=channel) is None
    assert read_opt_out(f"please don't write to {address} any more", channel=channel) is not None


@pytest.mark.parametrize("text", ["/stop it, please", "/STOP", "/stop@northwind_bot now", " /stop\nthanks"])
def test_the_command_stops_with_words_behind_it(text) -> None:
    stop = read_opt_out(text, channel="telegram")
    assert stop is not None
    assert stop.rule == "word:stop"
    assert read_opt_out("/stopwatch 5 minutes", channel="telegram") is None


@pytest.mark.parametrize(
    "text",
    ["<3 danke, aber schickt mir bitte nix mehr", "nächste nachricht = meldung. also lass es",
     "eliminen mi celular de su base, nunca pedí informes",
     "me pueden eliminar de su base de datos?", "ya no trabajo en compras, les pido que me borren de todo"],
)  # fmt: skip
def test_hearts_and_words_like_those_of_erasure_hide_no_opt_out(text) -> None:
    assert read_opt_out(text, channel="sms") is not None


@pytest.mark.parametrize(
    "text", ["", "🛑", "don't stop", "nonstop", "stopped", "bus stop", "the end", "weekend", "start", "ст0п"]
)
def test_other_words_are_left_to_the_dialogue(text) -> None:
    assert read_opt_out(text, channel="web") is None


@pytest.mark.parametrize(
    "text",
    [
        "please stop texting me", "take me off your list", "lose my number", "stip", "S T O P", "leave me alone",
        "I withdraw my consent", "how do I make these messages stop?", "Hello. Nice offer, but no more emails please.",
        "no me manden más mensajes", "quiero darme de baja", "quítenme de la lista", "para ya por favor",
        "déjenme en paz", "retiro mi consentimiento", "no quiero recibir más correos",
        "arrêtez de m'envoyer des messages", "ne m'envoyez plus rien", "désinscrivez-moi", "laissez-moi tranquille",
        "je ne veux plus recevoir vos mails", "plus de sms merci",
        "hört auf, mir zu schreiben", "nehmen Sie mich aus dem Verteiler", "ich möchte mich abmelden",
        "keine Werbung mehr bitte", "lasst mich in Ruhe", "ich widerrufe meine Einwilligung",
    ],
)  # fmt: skip
@pytest.mark.parametrize("channel", ["web", "sms", "email"])
def test_people_who_want_no_more_are_understood_in_four_languages(text, channel) -> None:
    assert read_opt_out(text, channel=channel) is not None


@pytest.mark.parametrize(
    "text",
    [
        "cancel my order", "the end of the month", "do you have non-stop support?", "stop by our office tomorrow",
        "we want to stop losing invoices", "what happens if I unsubscribe?", "my customers keep unsubscribing",
        "can I cancel the trial any time?", "I never got your email", "how do I stop a recurring invoice?",
        "please call me tomorrow", "send me the offer by email", "no", "not now", "don't stop sending the newsletter",
        "do you send reminders to my customers by text?", "I don't want to write invoices by hand any more",
        "how do I stop sending payment reminders to late payers?", "how can we turn off automatic reminder emails?",
        "our software keeps sending emails twice",
        "no me ha llegado el correo", "¿puedo cancelar cuando quiera?", "quiero enviar correos a mis clientes",
        "je n'ai pas reçu votre mail", "je voudrais plus d'informations", "est-ce sans arrêt ?",
        "ich habe keine E-Mail bekommen", "am Ende des Monats", "kann ich jederzeit kündigen?",
        "ich möchte keine Rechnungen mehr von Hand schreiben",
    ],
)  # fmt: skip
def test_near_misses_are_left_to_the_dialogue(text) -> None:
    assert read_opt_out(text, channel="web") is None


@pytest.mark.parametrize(
    ("text", "purpose", "channels"),
    [
        ("stop", "all", None),
        ("leave me alone", "all", None),
        ("stop texting me", "all", ("sms",)),
        ("no texts please, emails are fine", "all", ("sms",)),
        ("no more emails and calls", "all", ("email", "voice")),
        ("unsubscribe me from the newsletter", "marketing", ("email",)),
        ("no more marketing", "marketing", None),
        ("stop sending me anything, emails or texts", "all", None),
        ("stop messaging me here", "all", ("telegram",)),
        ("no me llamen más", "all", ("voice",)),
        ("plus de sms merci", "all", ("sms",)),
        ("keine Werbung mehr bitte", "marketing", None),
    ],
)
def test_what_is_named_is_stopped_and_silence_means_everything(text, purpose, channels) -> None:
    found = read_opt_out(text, channel="telegram")
    assert found is not None
    assert (found.purpose, found.channels) == (purpose, channels)


def test_an_accusation_stops_and_is_looked_at_by_a_person() -> None:
    found = read_opt_out("this is harassment", channel="sms")
    assert found is not None
    assert found.doubtful


@pytest.mark.parametrize(
    ("text", "channel", "word"),
    [("HELP", "sms", "help"), ("info?", "sms", "help"), ("Start", "telegram", "start"), ("unstop", "sms", "start"),
     ("help", "web", None), ("start", "web", None), ("help me with invoices", "sms", None)],
)  # fmt: skip
def test_help_and_start_are_whole_messages_of_channels_that_have_them(text, channel, word) -> None:
    assert read_keyword(text, channel=channel) == word


@given(st.text(st.characters(), max_size=300))
@example("stop" + " " * 4_000)
@example("\ud800stop")
@example("\x00")
def test_any_text_is_judged_without_an_error(text) -> None:
    read_opt_out(text, channel="sms")
    assert reduce_to_words(reduce_to_words(text)) == reduce_to_words(text)


@pytest.mark.parametrize("channel", ["sms", "voice", "telegram", "email", "web"])
@pytest.mark.parametrize(
    "answer",
    [
        "no",
        "nope",
        "Smith",
        "Julia Stopford",
        "Madrid",
        "Endesa",
        "Acme Robots",
        "K7M2QX",
        "go on",
        "Lass Consulting",
        '/consent_given{"phone":"+15551234567"}',
        "{{ first_name }} {{7*7}} ${7*7} %s '; DROP TABLE contacts; --",
    ],
)
def test_what_people_answer_in_a_talk_is_no_opt_out(answer: str, channel: str) -> None:
    assert read_opt_out(answer, channel=channel, language="en") is None
