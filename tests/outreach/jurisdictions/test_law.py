"""The law of a place as data: what holds where and when, what is strictest, and what an operator may widen."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
import yaml

import outreach.jurisdictions as room
from outreach.jurisdictions.pack import Holiday, InvalidJurisdictions, read_file, read_jurisdictions
from outreach.jurisdictions.rules import caps_of, demands_of, places_of, week_of

LAW = read_jurisdictions()
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FILES = sorted(Path(room.__file__).parent.glob("*.yml"))
ALL_STATES = {
    "AL",
    "CA",
    "CT",
    "FL",
    "KY",
    "LA",
    "MD",
    "ME",
    "MS",
    "NV",
    "OK",
    "OR",
    "PA",
    "RI",
    "TX",
    "VA",
    "WA",
    "WY",
}
MON, SAT, SUN = 0, 5, 6


def week(*states: str, channel: str = "sms", at: datetime = NOW):
    return week_of(LAW, places_of(LAW, ("US",), states), channel, at)


def hours(*states: str, day: int = MON, channel: str = "sms", at: datetime = NOW):
    span = week(*states, channel=channel, at=at).days[day]
    return None if span is None else (span[0].hour, span[1].hour)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_rule_has_a_source_a_status_and_a_date(path):
    content = yaml.safe_load(path.read_text())
    rules = [rule for place in content["jurisdictions"].values() for rule in place["rules"]]
    assert rules
    assert isinstance(content["version"], date)
    for rule in rules:
        assert len(rule["source"]) >= 3
        assert rule["status"] in ("P", "S", "K", "check")
        assert isinstance(rule["effective_from"], date)
        assert rule["effective_from"] <= content["version"]


def test_every_place_that_is_asked_for_is_there():
    assert {code.removeprefix("US-") for code in LAW.places if code.startswith("US-")} == ALL_STATES
    assert {"US", "CA", "EU", "GB", "DE", "AT"} <= LAW.places.keys()
    assert all(path.stem in LAW.version for path in FILES)


@pytest.mark.parametrize(
    ("state", "day", "expected"),
    [
        ("OH", MON, (8, 21)), ("CA", SUN, (8, 21)),
        ("FL", SUN, (8, 20)), ("OK", MON, (8, 20)), ("MD", MON, (8, 20)), ("WA", MON, (8, 20)), ("WY", MON, (8, 20)),
        ("TX", SAT, (9, 21)), ("TX", SUN, (12, 21)), ("VA", SUN, (8, 21)),
        ("CT", MON, (9, 20)), ("NV", MON, (9, 20)), ("KY", MON, (10, 21)),
        ("AL", SAT, (8, 20)), ("AL", SUN, None), ("LA", SUN, None), ("MS", SUN, None),
        ("RI", MON, (9, 18)), ("RI", SAT, None), ("PA", SUN, None), ("PA", SAT, (8, 21)),
        ("ME", MON, (9, 17)), ("ME", SAT, None), ("OR", MON, (8, 19)),
    ],
)  # fmt: skip
def test_each_state_has_its_hours(state, day, expected):
    assert hours(state, day=day) == expected
    assert hours(state, day=day, channel="voice") == expected


def test_an_unknown_state_has_the_hours_that_all_of_them_allow():
    for states in ((), ("ZZ",), ("FL", "ZZ")):
        assert [week(*states).days[day] for day in range(7)] == [(time(10), time(17))] * 5 + [None, None]
    assert week().closed == week("AL").closed


def test_of_two_states_both_count():
    assert hours("KY", "ME") == (10, 17)
    assert hours("AL", "FL", day=SUN) is None


@pytest.mark.parametrize(
    ("state", "day", "before", "at", "expected"),
    [
        ("PA", SUN, datetime(2026, 10, 17, 9, tzinfo=UTC), (8, 21), None),
        ("OR", MON, datetime(2025, 12, 31, 9, tzinfo=UTC), (8, 21), (8, 19)),
    ],
)
def test_a_rule_counts_from_its_day_on_wherever_that_begins(state, day, before, at, expected):
    assert hours(state, day=day, at=before) == at
    assert hours(state, day=day, at=before.replace(hour=10)) == expected  # 00:00 of the next day at UTC+14


def test_text_messages_of_texas_are_in_since_september_2025_and_calls_were_before():
    summer = datetime(2025, 8, 1, tzinfo=UTC)
    assert hours("TX", day=SUN, at=summer) == (8, 21)
    assert hours("TX", day=SUN, at=summer, channel="voice") == (12, 21)


@pytest.mark.parametrize(
    "day",
    ["2026-11-26", "2026-11-27", "2026-12-25", "2027-01-01", "2026-07-04", "2026-07-03", "2027-02-09", "2027-03-26"],
)
def test_alabama_louisiana_and_mississippi_are_closed_on_holidays(day):
    for state in ("AL", "LA", "MS"):
        assert week(state, at=datetime.fromisoformat(f"{day}T12:00+00:00")).on(date.fromisoformat(day)) is None
    assert week("FL").on(date.fromisoformat(day)) is not None


@pytest.mark.parametrize(
    ("holiday", "year", "expected"),
    [
        ({"month": 7, "day": 4}, 2027, ["2027-07-04", "2027-07-05"]),  # a Sunday
        ({"month": 12, "day": 25}, 2027, ["2027-12-25", "2027-12-24"]),  # a Saturday
        ({"month": 5, "weekday": "mon", "nth": -1}, 2026, ["2026-05-25"]),
        ({"month": 12, "weekday": "thu", "nth": -1}, 2026, ["2026-12-31"]),
        ({"month": 11, "weekday": "thu", "nth": 4}, 2026, ["2026-11-26"]),
        ({"month": 2, "weekday": "sun", "nth": 1}, 2026, ["2026-02-01"]),
        ({"easter": 0}, 2026, ["2026-04-05"]),
    ],
)
def test_a_holiday_falls_on_its_day(holiday, year, expected):
    days = Holiday.model_validate({"name": "Day", **holiday}).dates(year)
    assert [day.isoformat() for day in days] == expected


def test_caps_of_places_come_together():
    caps = caps_of(LAW, places_of(LAW, ("US",), ("FL", "ME")), "sms", NOW)
    assert {(cap.most, cap.hours, cap.per) for cap in caps} == {(3, 24, "topic"), (1, 8, "contact")}
    assert caps_of(LAW, places_of(LAW, ("US",), ("FL",)), "email", NOW) == ()
    assert caps_of(LAW, places_of(LAW, ("US",), ("OH",)), "sms", NOW) == ()


def test_a_country_nobody_laid_down_is_judged_as_if_it_were_every_place():
    assert places_of(LAW, (), ()) == places_of(LAW, ("ZZ",), ()) == places_of(LAW, ("JP",), ()) == ("ZZ",)
    assert places_of(LAW, ("GB", "JP"), ()) == ("GB", "ZZ")
    anywhere = week_of(LAW, ("ZZ",), "sms", NOW)
    assert anywhere == week_of(LAW, tuple(LAW.places), "sms", NOW)
    assert anywhere.days == (*[(time(10), time(17))] * 5, None, None)
    demands = {code for code, _ in demands_of(LAW, ("ZZ",), "email", NOW)}
    assert demands == {"AT", "CA", "DE", "EU", "GB", "US"}


def test_a_member_has_the_law_of_the_union_and_its_own():
    assert places_of(LAW, ("DE",), ()) == ("DE", "EU")
    assert places_of(LAW, ("FR",), ()) == ("EU",)
    assert places_of(LAW, ("JE",), ()) == ("GB",)
    assert places_of(LAW, ("PR",), ()) == ("US",)


def kinds(*countries: str, channel: str = "email"):
    demands = demands_of(LAW, places_of(LAW, countries, ()), channel, NOW)
    return [{one.kind: one.months for one in accepted} for _, accepted in demands]


def test_each_place_wants_its_kind_of_consent():
    assert kinds("CA") == [{"express": None, "double_opt_in": None, "implied_purchase": 24, "implied_inquiry": 6}]
    assert "implied_purchase" in kinds("US")[0]
    assert kinds("US", channel="sms")[0].keys() == {"express", "double_opt_in"}
    assert kinds("GB")[0].keys() == {"express", "double_opt_in", "soft_opt_in"}
    assert {"double_opt_in": None, "soft_opt_in": None} in kinds("DE")
    assert kinds("US", channel="telegram") == [{"express": None, "double_opt_in": None}]


def test_how_long_opt_outs_are_kept_is_laid_down():
    kept = {code: rule.opt_outs_kept_days for code in ("US", "US-VA", "US-WA") for place in LAW.places[code]
            for rule in place.rules if rule.opt_outs_kept_days}  # fmt: skip
    assert kept == {"US": 1827, "US-VA": 3653, "US-WA": 366}


OWN = """
version: 2026-12-01
jurisdictions:
  US-FL:
    name: Florida, as our counsel reads it
    rules:
      - source: Opinion of counsel of 1 Dec 2026
        status: S
        effective_from: 2026-12-01
        effective_until: 2026-12-31
        hours:
          channels: [sms]
          open:
            - {days: [mon, tue, wed, thu, fri, sat, sun], from: "08:00", to: "21:00"}
  ZZ:
    name: Elsewhere
    rules:
      - source: Opinion of counsel of 1 Dec 2026
        status: S
        effective_from: 2026-12-01
        consent:
          channels: [email]
          accepts: [{kind: express}]
  US-ZZ:
    name: Some state
    rules:
      - source: Opinion of counsel of 1 Dec 2026
        status: S
        effective_from: 2026-12-01
        hours:
          channels: [sms, voice]
          open:
            - {days: [mon, tue, wed, thu, fri], from: "09:00", to: "18:00"}
"""


def test_what_an_operator_says_stands_in_for_the_same_subject_and_channel_while_it_is_in_force(tmp_path):
    (tmp_path / "counsel.yml").write_text(OWN)
    law = read_jurisdictions(tmp_path)
    florida = places_of(law, ("US",), ("FL",))

    def closes(channel, day):
        return week_of(law, florida, channel, datetime(2026, *day, 12, tzinfo=UTC)).days[MON][1].hour

    assert [closes("sms", day) for day in ((11, 28), (12, 5))] == [20, 21]
    assert closes("voice", (12, 5)) == 20
    assert week_of(law, florida, "sms", datetime(2027, 1, 5, tzinfo=UTC)).days[MON][1].hour == 20
    assert caps_of(law, florida, "sms", datetime(2026, 12, 5, tzinfo=UTC)) == caps_of(LAW, florida, "sms", NOW)
    assert "own/counsel 2026-12-01" in law.version
    unknown_state = places_of(law, ("US",), ())
    assert unknown_state == ("US", "US-ZZ")
    # Before its day, and of what it does not speak, the strictest goes on counting.
    spans = [
        week_of(law, unknown_state, "sms", datetime(2026, *day, tzinfo=UTC)).days[MON] for day in ((11, 28), (12, 5))
    ]
    assert spans == [(time(10), time(17)), (time(9), time(18))]
    wanted = [[code for code, _ in demands_of(law, ("ZZ",), "email", datetime(2026, *day, tzinfo=UTC))]
              for day in ((11, 28), (12, 5))]  # fmt: skip
    assert wanted == [["AT", "CA", "DE", "EU", "GB", "US"], ["ZZ"]]
    assert week_of(law, ("ZZ",), "sms", datetime(2026, 12, 5, tzinfo=UTC)) == week_of(LAW, ("ZZ",), "sms", NOW)


def test_an_operator_without_files_of_their_own_has_what_is_shipped(tmp_path):
    assert read_jurisdictions(tmp_path / "none").version == LAW.version


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("status: S", "status: sure"), "status"),
        (("        effective_from: 2026-12-01\n", ""), "effective_from"),
        (("source: Opinion of counsel of 1 Dec 2026", "note: none"), "source"),
        (("effective_until: 2026-12-31", "effective_until: 2026-11-30"), "effective_until"),
        (('from: "08:00", to: "21:00"', 'from: "21:00", to: "08:00"'), "hours open before they close"),
        (("channels: [sms]\n", "channels: [sms]\n          closed_on: some_days\n"), "no such calendar"),
        (("US-FL:", "Florida:"), "jurisdictions"),
        (("version: 2026-12-01\n", ""), "version"),
        (("jurisdictions:", "jurisdictions: ["), "counsel.yml"),
    ],
)  # fmt: skip
def test_a_file_without_what_it_needs_is_refused_by_its_name(tmp_path, change, said):
    assert change[0] in OWN
    path = tmp_path / "counsel.yml"
    path.write_text(OWN.replace(*change))
    with pytest.raises(InvalidJurisdictions, match=r"counsel\.yml") as caught:
        read_file(path)
    assert said in str(caught.value)
