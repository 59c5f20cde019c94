"""What in a text tells who wrote it."""

from __future__ import annotations

import pytest

from parley_rasa.personal_data import find_personal_data


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("write to ada@example.com about the invoice", "en", [("email", "ada@example.com")]),
        ("bob at acme dot com", "en", [("email", "bob at acme dot com")]),
        ("call me on +44 20 7946 0958", "en", [("phone", "+44 20 7946 0958")]),
        ("mi número es 612 34 56 78", "es", [("phone", "612 34 56 78")]),
        ("I'm Ann from Acme, can you import my books?", "en", [("first_name", "Ann"), ("company", "Acme")]),
        ("ich heiße Ulrike und will Rechnungen importieren", "de", [("first_name", "Ulrike")]),
        ("do you ship to the moon?", "en", []),
        ("we are 40 people with a budget of 900 euros", "en", []),
    ],
)
def test_addresses_and_names_are_found_and_nothing_else(text, language, found):
    assert [(one["fact"], one["said"]) for one in find_personal_data(text, language)] == found


def test_they_are_found_over_http_for_each_text(server):
    body = {"texts": ["do you ship?", "I'm Ann", "a@b.example \udc00"], "language": "en"}
    status, answer = server.send("POST", "facts", body)
    assert status == 200
    named = [[one["fact"] for one in facts] for facts in answer["facts"]]
    assert named == [[], ["first_name"], ["email"]]
    assert server.send("POST", "facts", {"texts": [], "language": "en"}) == (200, {"facts": []})


@pytest.mark.parametrize("body", [None, [], {"texts": ["a"]}, {"texts": "a", "language": "en"}, {"language": "en"}])
def test_a_malformed_request_is_refused(server, body):
    assert server.send("POST", "facts", body)[0] == 400


def test_the_secret_is_needed(server):
    assert server.send("POST", "facts", {"texts": [], "language": "en"}, secret="wrong")[0] == 403
