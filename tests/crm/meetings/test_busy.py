"""Reading when somebody is busy from the feeds that calendars of all makes give."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.meetings.busy import FeedUnreadable, read_busy

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
END = datetime(2026, 12, 7, tzinfo=UTC)


def feed(*lines: str, extra: str = "") -> bytes:
    event = ["BEGIN:VEVENT", "UID:1", "DTSTAMP:20261101T000000Z", *lines, "END:VEVENT"] if lines else []
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *filter(None, [extra]), *event, "END:VCALENDAR", ""]
    ).encode()


def spans(data: bytes) -> list[str]:
    return [f"{begin:%d.%H:%M}-{end:%d.%H:%M}" for begin, end in read_busy(data, BERLIN, BEGIN, END)]


@pytest.mark.parametrize(
    ("lines", "busy"),
    [
        (["DTSTART:20261124T090000Z", "DTEND:20261124T100000Z"], ["24.09:00-24.10:00"]),
        (["DTSTART:20261124T090000Z", "DURATION:PT45M"], ["24.09:00-24.09:45"]),
        (["DTSTART;TZID=America/New_York:20261124T090000", "DURATION:PT1H"], ["24.14:00-24.15:00"]),
        # A time without a zone and a whole day are meant where the calendar is.
        (["DTSTART:20261124T090000", "DTEND:20261124T100000"], ["24.08:00-24.09:00"]),
        (["DTSTART;VALUE=DATE:20261124"], ["23.23:00-24.23:00"]),
        (["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126"], ["23.23:00-25.23:00"]),
        (
            ["DTSTART:20200107T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", "EXDATE:20261124T090000Z"],
            ["01.09:00-01.10:00"],
        ),
        (["DTSTART:20260101T090000Z", "DTEND:20271231T100000Z"], ["01.09:00-31.10:00"]),
        (["DTSTART:20261124T090000Z", "DURATION:PT1H", "STATUS:TENTATIVE"], ["24.09:00-24.10:00"]),
        (["DTSTART:20261124T090000Z", "DURATION:PT1H", "STATUS:CANCELLED"], []),
        (["DTSTART:20261124T090000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"], []),
        (["DTSTART:20261124T090000Z", "DURATION:PT1H", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"], []),
        (["DTSTART:20261224T090000Z", "DURATION:PT1H"], []),
        (["DTSTART:20261124T090000Z"], []),
        ([], []),
    ],
)
def test_events_are_busy_times(lines: list[str], busy: list[str]) -> None:
    assert spans(feed(*lines)) == busy


def test_one_moved_meeting_of_a_series_is_busy_where_it_was_moved_to() -> None:
    moved = feed("DTSTART:20261124T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2").replace(
        b"END:VCALENDAR",
        b"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nRECURRENCE-ID:20261125T090000Z\r\n"
        b"DTSTART:20261125T150000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR",
    )
    assert sorted(spans(moved)) == ["24.09:00-24.10:00", "25.15:00-25.16:00"]


def test_a_series_keeps_its_time_on_the_wall_when_clocks_are_set() -> None:
    series = feed("DTSTART;TZID=Europe/Berlin:20261023T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4")
    found = read_busy(series, BERLIN, datetime(2026, 10, 20, tzinfo=UTC), END)
    assert sorted(begin.hour for begin, _ in found) == [7, 7, 8, 8]


def test_shared_free_and_busy_times_are_read() -> None:
    shared = (
        "BEGIN:VFREEBUSY\r\nUID:2\r\nDTSTAMP:20261101T000000Z\r\n"
        "FREEBUSY;FBTYPE=BUSY:20261124T100000Z/20261124T110000Z,20261124T120000Z/PT1H\r\n"
        "FREEBUSY;FBTYPE=FREE:20261125T100000Z/20261125T110000Z\r\nEND:VFREEBUSY"
    )
    assert spans(feed(extra=shared)) == ["24.10:00-24.11:00", "24.12:00-24.13:00"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Please sign in</html>",
        b"BEGIN:VCALENDAR\r\n",
        b"\xff\xfe\x00",
        feed("DTSTART:tomorrow", "DURATION:PT1H"),
        feed("DTSTART:20261124T090000Z", "DTEND:20261344T090000Z"),
        feed("DTSTART:20261124T090000Z", "DURATION:PT1H", "RRULE:FREQ=SOMETIMES"),
        feed("DTSTART:20261124T090000Z", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"),
        feed("DTSTART:20261124T090000Z", "DURATION:PT1H", "RRULE:FR\r\n EQ=MINUTELY"),
        feed("DTEND:20261124T090000Z"),
    ],
)
def test_a_feed_that_cannot_be_relied_on_is_refused(data: bytes) -> None:
    with pytest.raises(FeedUnreadable):
        read_busy(data, BERLIN, BEGIN, END)


@settings(max_examples=60)
@given(st.text(alphabet="BEGINDVCAL:;=TZ0129\r\n-+PR,/", max_size=80), st.integers(0, 200))
def test_a_damaged_feed_is_read_or_refused(junk: str, at: int) -> None:
    whole = feed("DTSTART:20261124T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
    try:
        found = read_busy(whole[:at] + junk.encode() + whole[at:], BERLIN, BEGIN, END)
    except FeedUnreadable:
        return
    assert all(begin < end for begin, end in found)
