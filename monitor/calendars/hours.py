"""The calendars in which numbers grow old."""

from enum import StrEnum


class Hours(StrEnum):
    """The calendar in which a reading grows old."""

    ALWAYS = "24/7"
    CBOE_VIX = "cboe vix"
    XNYS_CLOSE = "xnys close"
