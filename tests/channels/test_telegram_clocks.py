"""Whether what is said came late, where this machine's clock and Telegram's differ."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.channels.telegram_desk import Desk
from tests.channels.bot_rig import rigged
from tests.channels.bot_server import AT, OWNER, asked
from tests.channels.taken import LEG, Kept


@pytest.mark.parametrize("ahead", [timedelta(minutes=3), timedelta(minutes=-3)], ids=str)
async def test_what_is_late_is_told_by_the_clock_that_dates_it(
    tmp_path: Path, ahead: timedelta
) -> None:
    """By a clock that was ahead every question was passed over, and every word refused."""
    kept, fill = Kept(), f"/fill L2 {LEG}"
    desk = Desk(answer=lambda command, _: f"answer to {command}", obey=kept.obey)
    now = AT - ahead
    late = now - timedelta(minutes=2)
    said = [
        asked(1, "/status", at=now),
        asked(2, fill, at=now),
        asked(3, "/alerts", at=late),
        asked(4, fill, at=late),
    ]
    server = {"now": lambda: now}
    async with rigged(tmp_path, said, desk=desk, write=(OWNER,), server=server) as rig:
        assert rig.api.sent == [
            "answer to /status",
            "fill taken",
            "not taken: it came 2 minutes late; say it again if it still holds",
        ]
        assert len(kept.words) == 1
