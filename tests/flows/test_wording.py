"""The renderer: replaces what is known, falls back for the rest, evaluates nothing and never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.wording import has_broken_placeholder, names_in, render

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
plain = st.text(st.characters(exclude_characters="{}", exclude_categories=("Cs",)), max_size=20)
values = st.one_of(plain, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False), st.lists(st.integers()))
json_like = st.recursive(values, lambda inner: st.dictionaries(names, inner) | st.lists(inner), max_leaves=5)


@given(text=st.text(), known=st.dictionaries(st.text(), json_like))
def test_any_text_with_any_values_renders(text, known):
    assert isinstance(render(text, known), str)


@given(before=plain, name=names, fallback=plain, after=plain, known=st.dictionaries(names, values))
def test_no_known_name_is_left_unreplaced(before, name, fallback, after, known):
    text = f"{before}{{{{ {name} }}}}{after}{{{{{name}|{fallback.replace(chr(10), ' ')}}}}}"

    rendered = render(text, known)

    assert not names_in(rendered)
    assert "{{" not in rendered


@given(text=plain)
def test_text_without_placeholders_is_unchanged(text):
    assert render(text, {"name": "x"}) == text


@given(value=st.text(min_size=1))
def test_a_value_is_one_line_and_is_not_rendered_again(value):
    rendered = render("{{ a }}", {"a": value + "{{ b }}", "b": "SECRET"})

    assert "SECRET" not in rendered
    assert len(rendered.splitlines()) == 1
    assert rendered.endswith("{{ b }}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi {{ first_name }}!", "Hi Ann!"),
        ("Hi {{first_name|there}}!", "Hi Ann!"),
        ("Hi {{ last_name | there }}!", "Hi there!"),
        ("Hi {{ last_name }}!", "Hi !"),
        ("Hi {{ blank | there }}!", "Hi there!"),
        ("{{ seats }} seats, trial: {{ trial }}", "3 seats, trial: yes"),
        ("{{ first_name.upper() }} {{ 1 + 1 }} {% if x %}", "{{ first_name.upper() }} {{ 1 + 1 }} {% if x %}"),
        ("{{ first_name | {{ last_name }} }}", "{{ first_name |  }}"),
    ],
)
def test_placeholders_are_filled_as_documented(text, expected):
    assert render(text, {"first_name": "Ann", "blank": "  ", "seats": 3, "trial": True}) == expected


def test_a_line_break_in_a_name_cannot_forge_a_header_line():
    assert render("{{ name }}", {"name": "Ann\r\nBcc: all@example.org"}) == "Ann Bcc: all@example.org"


def test_an_integer_too_long_to_write_out_counts_as_unknown():
    assert render("{{ n | many }}", {"n": 10**5000}) == "many"


@pytest.mark.parametrize("text", ["{{ Name }}", "{{ a.b }}", "{{ a", "a }}", "{{ a | {b} }}"])
def test_malformed_placeholders_are_recognised(text):
    assert has_broken_placeholder(text)


def test_single_braces_are_ordinary_text():
    assert not has_broken_placeholder("a {b} c {{ d }}")
