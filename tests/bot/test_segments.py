"""Segments of a text as carriers charge them: known vectors of 3GPP TS 23.038 and 23.040."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.sms_segments import describe_segments, read_segments, to_plain_signs


@pytest.mark.parametrize(
    ("text", "count", "encoding", "units"),
    [
        ("", 0, "GSM-7", 0),
        ("a", 1, "GSM-7", 1),
        ("a" * 160, 1, "GSM-7", 160),
        ("a" * 161, 2, "GSM-7", 161),
        ("a" * 306, 2, "GSM-7", 306),
        ("a" * 307, 3, "GSM-7", 307),
        ("a" * 1530, 10, "GSM-7", 1530),
        # A sign of the extended table takes two, and is not cut in two.
        ("€" * 80, 1, "GSM-7", 160),
        ("€" * 81, 2, "GSM-7", 162),
        ("a" * 152 + "€" + "a" * 152, 3, "GSM-7", 306),
        ("a" * 151 + "€" + "a" * 153, 2, "GSM-7", 306),
        ("^{}\\[~]|€\f", 1, "GSM-7", 20),
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¡ÄÖÑÜ§¿äöñüà", 1, "GSM-7", 43),
        # Anything else makes all of it UTF-16.
        ("’", 1, "UCS-2", 1),
        ("a" * 69 + "’", 1, "UCS-2", 70),
        ("a" * 70 + "’", 2, "UCS-2", 71),
        ("’" * 134, 2, "UCS-2", 134),
        ("’" * 135, 3, "UCS-2", 135),
        ("😀" * 35, 1, "UCS-2", 70),
        ("😀" * 36, 2, "UCS-2", 72),
        # 33 of two units fill a part of 67.
        ("😀" * 66, 2, "UCS-2", 132),
        ("😀" * 67, 3, "UCS-2", 134),
        ("ç", 1, "UCS-2", 1),
        ("你好", 1, "UCS-2", 2),
    ],
)
def test_a_text_is_charged_as_so_many_segments(text, count, encoding, units) -> None:
    read = read_segments(text)
    assert (read.count, read.encoding, read.units) == (count, encoding, units)


def test_the_characters_that_make_it_dear_are_named_once_each() -> None:
    assert read_segments("“It’s” – “so”").wide == ("“", "’", "”", "–")
    assert describe_segments("It’s 😀 dear") == "1 segment, UCS-2 because of ’ 😀"
    assert describe_segments("a" * 161) == "2 segments, GSM-7"
    assert describe_segments("①②③④⑤⑥") == "1 segment, UCS-2 because of ① ② ③ ④ ⑤ …"


def test_look_alikes_of_print_make_it_cheap_again() -> None:
    dear = "“It’s” – so… " * 8
    assert read_segments(dear).count > read_segments(to_plain_signs(dear)).count
    assert read_segments(to_plain_signs(dear)).wide == ()


@given(st.text(max_size=400))
def test_a_longer_text_never_takes_fewer_segments_and_every_one_holds_something(text) -> None:
    whole, shorter = read_segments(text), read_segments(text[:-1])
    if whole.encoding == shorter.encoding:
        assert shorter.count <= whole.count
    room = 160 if whole.encoding == "GSM-7" else 70
    assert whole.count <= max(whole.units, 0)
    assert whole.count >= -(-whole.units // room)
