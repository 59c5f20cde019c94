"""What people say of themselves and of time, money and numbers: one table a kind, at least 15 texts a language."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from parley_rasa.dates import read_date
from parley_rasa.moments import read_moment
from parley_rasa.money import read_asked_budget, read_money
from parley_rasa.personal_facts import PersonalFacts, find_personal_facts, read_company, read_name
from parley_rasa.quantities import read_number
from parley_rasa.team_sizes import read_people
from parley_rasa.values import find_email, find_phone, region_for

TABLES = Path(__file__).parent / "facts"
LANGUAGES = ("en", "es", "fr", "de")
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=ZoneInfo("Europe/Berlin"))  # a Monday


def rows(kind: str) -> list[tuple[str, str, Any]]:
    table = yaml.safe_load((TABLES / f"{kind}.yml").read_text("utf-8"))
    return [(language, text, expected) for language in LANGUAGES for text, expected in table[language].items()]


def table(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("language", "text", "expected"), rows(kind))


@pytest.mark.parametrize("kind", sorted(path.stem for path in TABLES.glob("*.yml")))
def test_a_table_has_enough_of_every_language(kind):
    counted = {language: sum(row[0] == language for row in rows(kind)) for language in LANGUAGES}
    assert min(counted.values()) >= 15, counted


@table("first_names")
def test_a_name_is_read_from_its_answer(language, text, expected):
    assert read_name(text, language) == expected


@table("companies")
def test_a_company_told_unasked_is_found(language, text, expected):
    assert find_personal_facts(text, language).company == expected


@table("nothing_told")
def test_a_text_that_tells_nothing_of_its_author_gives_no_facts(language, text, expected):
    assert expected is None
    assert find_personal_facts(text, language) == PersonalFacts()


@table("company_answers")
def test_a_company_is_read_from_its_answer(language, text, expected):
    assert read_company(text, language) == expected


@table("people_answers")
def test_a_number_of_people_is_read_from_its_answer(language, text, expected):
    assert read_people(text, language) == expected


@table("budget_answers")
def test_a_budget_is_read_from_its_answer(language, text, expected):
    assert read_asked_budget(text, language) == expected


@table("roles")
def test_a_job_told_unasked_is_found(language, text, expected):
    assert find_personal_facts(text, language).role == expected


@table("people")
def test_a_number_of_people_told_unasked_is_found(language, text, expected):
    assert find_personal_facts(text, language).people == expected


@table("money")
def test_a_sum_of_money_is_read(language, text, expected):
    assert read_money(text, language) == expected


@table("numbers")
def test_a_number_is_read(language, text, expected):
    assert read_number(text, language) == expected


@table("days")
def test_a_day_is_read(language, text, expected):
    assert read_date(text, NOW, language) == (expected and date.fromisoformat(str(expected)))


@table("times")
def test_a_day_and_a_time_are_read(language, text, expected):
    said = read_moment(text, NOW, language)
    assert f"{said.day or '-'} {said.at.isoformat('minutes') if said.at else '-'}" == str(expected)


@table("emails")
def test_an_address_is_found(language, text, expected):
    found = find_email(text, language)
    assert (found and found.value) == expected


@table("phones")
def test_a_phone_number_is_found(language, text, expected):
    found = find_phone(text, region_for(language), language)
    assert (found and found.value) == expected
