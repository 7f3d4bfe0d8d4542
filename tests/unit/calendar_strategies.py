"""What the properties of working time are tried on: calendars, zones, instants, leave and quiet hours of 2010 to 2029.

The zones are chosen for their clocks: no change at all, an hour, half an hour (Lord Howe), a change at midnight
(Cairo), a change over midnight (St. John's until 2011), a date left out (Apia, 2011-12-30).
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.calendar import Leave, QuietHours, WorkCalendar, local_instant

FIRST_DAY, LAST_DAY = date(2010, 1, 1), date(2029, 12, 31)

# Built once: a calendar remembers what it was asked, and thousands of fresh ones would only measure the library.
_COUNTRIES = (None, "CN", "US")

zones = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "Asia/Shanghai",
            "America/New_York",
            "Australia/Lord_Howe",
            "Africa/Cairo",
            "America/St_Johns",
            "Pacific/Apia",
        )
    ]
)
days = st.dates(FIRST_DAY, LAST_DAY)
_round_times = st.sampled_from(
    [time(0), time(0, 1), time(2), time(2, 30), time(3), time(8, 30), time(16), time(23, 30)]
)
times = st.one_of(_round_times, st.times())
durations = st.one_of(
    st.sampled_from([timedelta(0), timedelta(hours=24), timedelta(hours=48), timedelta.resolution]),
    st.timedeltas(timedelta(0), timedelta(days=40)),
)


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Draw an instant: half of them anywhere, half at or just beside a round wall time, where borders are."""
    if draw(st.booleans()):
        return draw(st.timedeltas(timedelta(0), LAST_DAY - FIRST_DAY)) + datetime(2010, 1, 1, tzinfo=UTC)
    beside = draw(st.sampled_from([timedelta(0), timedelta.resolution, -timedelta.resolution, timedelta(hours=1)]))
    return local_instant(draw(days), draw(_round_times), draw(zones)) + beside


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    """Draw a calendar that has workdays: any weekend but the whole week, some days off, some days of work."""
    off = draw(st.frozensets(days, max_size=30))
    closed_from = draw(days)
    closed = {closed_from + timedelta(days=number) for number in range(draw(st.sampled_from([0, 0, 3, 25])))}
    return WorkCalendar.of(
        draw(st.sampled_from(_COUNTRIES)),
        draw(st.frozensets(st.integers(0, 6), max_size=6)),
        off | closed,
        draw(st.frozensets(days, max_size=30)) - off - closed,
    )


@st.composite
def leaves(draw: st.DrawFn) -> tuple[Leave, ...]:
    """Draw up to four leaves of up to a month, which may overlap."""
    starts = draw(st.lists(days, max_size=4))
    return tuple(Leave(start, start + timedelta(days=draw(st.integers(0, 30)))) for start in starts)


quiet_hours = st.builds(QuietHours, times, times)
