"""A small story with sums done by hand, and what the report makes of it."""

import base64
import json
import math
import re
import struct
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.alert import Alert, AlertState
from monitor.devnet.demo_report import summary, write_files
from monitor.devnet.demo_result import DemoResult
from monitor.errors import Permanent
from monitor.model.layer import Action, Contract, Leg, Ticket
from monitor.model.observation import Block
from monitor.rules.pack import Severity
from monitor.rules.verdict import Term
from monitor.timetravel.chart import check_drawing
from monitor.timetravel.panels import spread
from monitor.timetravel.scene import Holding, Scene

START = datetime(2020, 3, 1, 22, 30, tzinfo=UTC)
KEYS = ["id", "rule", "layer", "action", "state", "position"]
KEYS += ["at", "block", "title", "text", "trace", "values"]
VOID = {"meta", "link", "img", "br", "hr", "input"}
HOSTILE = '<b>buy</b> & <script>alert("x")</script>'


def scene(day: int, vix: float | None, losses: tuple[float | None, float], hedge: float) -> Scene:
    """Return a moment with a range of x/÷2 around 200 and a full one, 1,000 USD each."""
    edges = ((100.0, 400.0), (1e-27, 1e50))
    return Scene(
        at=START + timedelta(days=day),
        price=200.0 - 10 * day,
        vix=vix,
        holdings=tuple(
            Holding(
                token_id=number,
                il=None if loss is None else loss / 10_000,
                loss_usd=loss,
                fees_usd=12.25 * day,
                in_range=True,
                price_lower=low,
                price_upper=high,
            )
            for number, (loss, (low, high)) in enumerate(zip(losses, edges, strict=True), start=9)
        ),
        book_il=None,
        hedge_usd=hedge,
        paid_usd=150.0,
        returned_usd=400.0,
    )


def alert(action: Action, state: AlertState, day: int, **more: Any) -> Alert:
    name = "L1" if action is not Action.NOTIFY else None
    rule = f"L1.{action.value}" if name else "range.out"
    at = START + timedelta(days=day)
    told: dict[str, Any] = {
        "id": "C4DE73",
        "idem": f"{rule}:book:1:{state.value}",
        "key": f"{rule}|book",
        "rule": rule,
        "pack": "alvh",
        "scope": "book",
        "layer": name,
        "layer_title": "VIX calls",
        "action": action,
        "state": state,
        "severity": Severity.WARNING,
        "at": at,
        "since": at,
        "title": "VIX calls",
        "text": f"{action.value} it",
        "block": Block(number=1_400 + day, hash="0xab", timestamp=at),
    }
    return Alert(**(told | more))


BOUGHT = Ticket(
    legs=(
        Leg(contract=Contract(kind="vix.call", expiry=date(2020, 4, 15), strike=16), quantity=4),
    ),
    prices=(1.5,),
    cost_usd=600,
    cost_low_usd=550,
    cost_high_usd=650,
    priced_by="model",
)
VIX_BELOW = Term(
    text="vix < 15.0", truth=True, left=14.0, op="<", right=15.0, margin=1.0, unit="points"
)
ALERTS = (
    # Filled comes before firing in the idempotency keys, but not in life.
    alert(Action.ADD, AlertState.FILLED, 0, text="Now holds 4 calls", reason="done by ann@cli"),
    alert(
        Action.ADD,
        AlertState.FIRING,
        0,
        text=HOSTILE,
        ticket=BOUGHT,
        trace=(VIX_BELOW,),
        values={"vix": 14.0, "book.il": None, "layer.dte": math.inf},
    ),
    alert(Action.ROLL, AlertState.FIRING, 1, scope=HOSTILE),
    alert(Action.NOTIFY, AlertState.FIRING, 1, position="31337:0xAb:9"),
    alert(Action.NOTIFY, AlertState.REPEAT, 2, position="31337:0xAb:9"),
    alert(Action.REMOVE, AlertState.FIRING, 3),
)
STORY = DemoResult(
    alerts=ALERTS,
    scenes=(
        scene(0, 14.0, (0.0, 0.0), 0.0),
        scene(1, 40.0, (-300.0, -100.0), 100.0),
        scene(2, 50.0, (-900.0, -100.0), 400.0),
        scene(3, 20.0, (-400.0, -100.0), 250.0),
    ),
    polls=1_234,
    gaps=2,
    heard=5,
    repeats=1,
    undelivered=1,
    took_s=3.4,
)


def words(line: str) -> str:
    return " ".join(line.split())


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param("2020-03-01 → 03-04, WETH/USDC 0.3 %, ranges ×/÷ 2 · full", id="the period"),
        pytest.param("blocks 1,234 polled 2 gaps in 3 s", id="polls and gaps"),
        pytest.param("alerts 4 add 1 roll 1 remove 1 notify 1", id="each alert once as it began"),
        pytest.param("messages 5 of 6 heard over MQTT 1 undelivered 1 repeats", id="delivery"),
        pytest.param("worst IL ×/÷2 −9.0 % full −1.0 %", id="the worst of each range"),
        pytest.param(
            "hedge paid 150 returned 400 profit +250 USD (model prices)", id="the hedge's cash"
        ),
        pytest.param("worst, 3 Mar −1,000 +400 40 %", id="the deepest day: 400 of 1,000"),
        pytest.param(
            "while VIX > 30 −100 +150 150 % published claim: 60–75 %",
            id="the storm's two steps: -600 +500, +300 -150, beside the claim",
        ),
        pytest.param("whole period −500 +250 50 %", id="start to end: 250 of 500"),
    ],
)
def test_the_summary_says(expected: str) -> None:
    assert expected in [words(line) for line in summary(STORY)]


def test_the_summary_says_what_cannot_be_compared() -> None:
    said = words(" ".join(summary(STORY)))
    assert "Not comparable with the claim: 4 VIX calls against 2 positions of 100,000 USD" in said
    # Two positions with 12.25 a day each, three days.
    assert "Fees (74 USD at the end) rest on invented trading volume" in said


def test_no_line_is_wider_than_a_terminal() -> None:
    huge = replace(
        STORY,
        polls=10**9,
        scenes=tuple(
            replace(one, paid_usd=1e12, returned_usd=1e12, hedge_usd=-1e12) for one in STORY.scenes
        ),
    )
    assert max(len(line) for story in (STORY, huge) for line in summary(story)) <= 80


def test_what_is_unknown_is_called_unknown() -> None:
    dark = [replace(one, vix=None, hedge_usd=None) for one in STORY.scenes]
    blind = tuple(
        replace(one, holdings=tuple(replace(h, il=None, loss_usd=None) for h in one.holdings))
        for one in dark
    )
    said = [words(line) for line in summary(replace(STORY, scenes=blind))]
    assert "worst IL ×/÷2 unknown full unknown" in said
    assert "hedge paid 150 returned 400 profit unknown USD (model prices)" in said
    assert "worst, unknown unknown unknown unknown" in said
    assert "while VIX > 30 unknown unknown unknown published claim: 60–75 %" in said
    assert "whole period unknown unknown unknown" in said


def test_one_close_unknown_makes_the_storm_unknown() -> None:
    scenes = (replace(STORY.scenes[0], vix=None), *STORY.scenes[1:])
    said = [words(line) for line in summary(replace(STORY, scenes=scenes))]
    assert "while VIX > 30 unknown unknown unknown published claim: 60–75 %" in said
    assert "whole period −500 +250 50 %" in said


def test_without_a_storm_nothing_was_lost_in_it() -> None:
    calm = tuple(replace(one, vix=30.0) for one in STORY.scenes)
    said = [words(line) for line in summary(replace(STORY, scenes=calm))]
    assert "while VIX > 30 0 0 no loss published claim: 60–75 %" in said


def test_rules_that_failed_or_could_not_see_are_counted() -> None:
    failed = alert(Action.NOTIFY, AlertState.ERROR, 2)
    blind = alert(Action.NOTIFY, AlertState.NODATA, 2)
    said = words(" ".join(summary(replace(STORY, alerts=(*ALERTS, failed, blind)))))
    assert "alerts 4 add 1 roll 1 remove 1 notify 1 no data 1 rule failed 1" in said


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "new" / "out"
    names = [path.name for path in write_files(STORY, out)]
    assert names == ["alerts.jsonl", "chart.png", "report.html"]
    return out


def rows(out: Path) -> list[dict[str, Any]]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    text = (out / "alerts.jsonl").read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def test_every_alert_is_a_line_with_the_agreed_keys_in_order(written: Path) -> None:
    assert [list(row) for row in rows(written)] == [KEYS] * len(ALERTS)


def test_an_alert_fires_before_it_is_filled(written: Path) -> None:
    told = [(row["rule"], row["state"]) for row in rows(written)]
    assert told[:2] == [("L1.add", "firing"), ("L1.add", "filled")]
    assert [row["at"] for row in rows(written)] == sorted(row["at"] for row in rows(written))


def test_a_line_carries_the_alert_s_evidence(written: Path) -> None:
    first = rows(written)[0]
    assert (first["text"], first["layer"], first["at"]) == (
        HOSTILE,
        "L1",
        "2020-03-01T22:30:00+00:00",
    )
    assert first["block"]["number"] == 1_400
    assert first["trace"][0]["text"] == "vix < 15.0"
    assert first["trace"][0]["left"] == 14.0


def test_what_is_not_finite_or_unknown_is_null(written: Path) -> None:
    assert rows(written)[0]["values"] == {"book.il": None, "layer.dte": None, "vix": 14.0}


def png_size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_chart_has_its_size(written: Path) -> None:
    assert png_size((written / "chart.png").read_bytes()) == (1600, 1400)


def test_a_chart_of_what_is_unknown_is_drawn_with_holes(tmp_path: Path) -> None:
    holes = (
        STORY.scenes[0],
        replace(scene(1, None, (None, -1.0), 0.0), hedge_usd=None),
        STORY.scenes[2],
    )
    for number, scenes in enumerate((holes, holes[:1], holes[1:2])):
        out = tmp_path / str(number)
        write_files(replace(STORY, scenes=scenes, alerts=()), out)
        assert png_size((out / "chart.png").read_bytes()) == (1600, 1400)


class Reader(HTMLParser):
    """Reads a page and fails where its elements do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open:
            self.cells[-1] += data


@pytest.fixture(scope="module")
def page(written: Path) -> Reader:
    reader = Reader()
    reader.feed((written / "report.html").read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_shows_an_alert_s_markup_as_text(written: Path, page: Reader) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    assert "<b>buy" not in text
    assert "<script" not in text
    assert len([cell for cell in page.cells if cell.startswith(HOSTILE)]) == 2


def test_the_page_needs_nothing_beside_it(written: Path, page: Reader) -> None:
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.seen}
    sources = [attrs["src"] for _, attrs in page.seen if "src" in attrs]
    chart = base64.b64encode((written / "chart.png").read_bytes()).decode()
    assert sources == [f"data:image/png;base64,{chart}"]
    style = (written / "report.html").read_text(encoding="utf-8").partition("</style>")[0]
    assert "prefers-color-scheme: dark" in style
    assert not re.search(r"url\(|@import|https?:", style)


def test_the_page_lists_every_alert_with_its_ticket_and_evidence(page: Reader) -> None:
    assert len([tag for tag, _ in page.seen if tag == "time"]) == len(ALERTS)
    told = " ".join(page.cells)
    assert "buy 4 × VIX 15 Apr 2020 16 call" in told
    assert "VIX 14.0 < 15.0" in told
    assert "block 1,400" in told
    assert "#9 ×/\N{WORD JOINER}÷2" in told
    for figure in ("−1,000", "+400", "40 %", "−100", "+150", "150 %", "−500", "+250", "50 %"):
        assert figure in page.cells


def test_the_same_story_gives_the_same_files(written: Path, tmp_path: Path) -> None:
    for path in write_files(STORY, tmp_path):
        assert path.read_bytes() == (written / path.name).read_bytes()


def test_where_files_cannot_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file in the way")
    with pytest.raises(Permanent, match=r"cannot be written to .*out: File exists"):
        write_files(STORY, tmp_path / "out")


def test_without_the_drawing_library_it_is_said_how_it_comes() -> None:
    with pytest.raises(Permanent, match="`pipx inject hedgewatch a_library_nobody_has`"):
        check_drawing("a_library_nobody_has")


def test_the_drawing_library_is_not_loaded_before_it_draws() -> None:
    code = "import sys, monitor.cli.story; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param([0.1, 0.5], [0.1, 0.5], id="far apart they stay"),
        pytest.param([0.5, 0.5], [0.5, 0.6], id="over each other the later goes up"),
        pytest.param([0.9, 1.0, 0.95], [0.8, 1.0, 0.9], id="at the top all go down"),
    ],
)
def test_labels_keep_their_distance(wanted: list[float], expected: list[float]) -> None:
    assert spread(wanted, 0.1) == pytest.approx(expected)
