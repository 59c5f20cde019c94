"""Opt-outs in the carriers' words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.consent.opt_out_words import match_opt_out, reduce_to_words

_ALWAYS = ("stop", "stopall", "stop all", "unsubscribe", "revoke", "optout", "opt out", "opt-out", "arret", "parar")
_NOT_ON_WEB = ("cancel", "end", "quit", "alto")
_NOISE = st.text(st.sampled_from(" .,!?¡-_'\"()*~\t\n\u200b\u200d\ufeff\u00ad\ufe0f😀🛑👍🏽❤️"), max_size=6)


@given(st.sampled_from(_ALWAYS), _NOISE, _NOISE, st.sampled_from(["web", "sms", "email", "telegram", "voice"]))
def test_an_opt_out_word_counts_on_every_channel_whatever_surrounds_it(word, before, after, channel) -> None:
    for spelled in (word, word.upper(), word.title()):
        assert match_opt_out(f"{before}{spelled}{after}", channel) == "everything"


@given(st.sampled_from(_NOT_ON_WEB), _NOISE)
def test_words_that_may_answer_a_form_stop_everything_except_in_the_web_chat(word, noise) -> None:
    assert match_opt_out(f"{word.upper()}{noise}", "sms") == "everything"
    assert match_opt_out(f"{word.upper()}{noise}", "web") is None


@given(st.sampled_from(_ALWAYS), st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad"), st.integers(0, 12))
def test_invisible_characters_inside_hide_nothing(word, invisible, place) -> None:
    assert match_opt_out(word[:place] + invisible + word[place:], "web") == "everything"


@pytest.mark.parametrize(
    "text", ["ＳＴＯＰ", "ARRÊT", "arre\u0302t", "𝐒𝐓𝐎𝐏", "S.T.O.P.", "Opt‑Out", "opt\nout", "ſtop"]
)
def test_other_ways_to_write_a_word_are_the_word(text) -> None:
    assert match_opt_out(text, "web") == "everything"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🛑",
        "stop please",
        "don't stop",
        "nonstop",
        "stopped",
        "bus stop",
        "the end",
        "weekend",
        "start",
        "ст0п",
        "/stop now",
    ],
)
def test_phrases_and_other_words_are_left_to_the_dialogue(text) -> None:
    assert match_opt_out(text, "sms") is None


@given(st.text(st.characters(), max_size=300))
@example("stop" + " " * 4_000)
@example("\ud800stop")
@example("\x00")
def test_any_text_is_judged_without_an_error(text) -> None:
    assert match_opt_out(text, "sms") in (None, "everything")
    assert reduce_to_words(reduce_to_words(text)) == reduce_to_words(text)
