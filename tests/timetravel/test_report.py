"""The report's files: what they say, that they need nothing beside them, and that they stay."""

import io
import json
import re
import struct
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from monitor.alerts.alert import AlertState
from monitor.errors import Permanent
from monitor.model.layer import Action
from monitor.timetravel.chart import NARROW, WIDE, draw, size
from monitor.timetravel.panels import label_right
from monitor.timetravel.report import figures, write_report
from monitor.timetravel.report_page import MOST_ALERTS, report_page
from monitor.timetravel.report_panels import draw_drawdowns
from monitor.timetravel.report_words import rate
from monitor.timetravel.scene import Story
from tests.timetravel.small import ALERTS, DAY, SCENES, START, STORY, alert, told

NAMES = ["alerts.jsonl", "price.png", "layers.png", "il.png", "drawdown.png", "cost.png"]
HOSTILE = '<b>sell</b><script>alert("x")</script>'
VOID = {"meta", "link", "img", "br", "hr", "input", "source"}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "new"
    hostile = alert(Action.ADD, AlertState.FIRING, START + DAY, text=HOSTILE)
    story = replace(STORY, alerts=(*ALERTS, hostile))
    assert [path.name for path in write_report(told(story), folder)] == [*NAMES, "report.html"]
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> str:
    return (out / "report.html").read_text(encoding="utf-8")


class Reader(HTMLParser):
    """Reads a page and fails where its elements do not nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & {*self.open}:
            self.rows[-1][-1] += data + ("/" if self.open[-1] == "small" else "")


def row(page: str, name: str) -> list[str]:
    return next(cells[1:] for cells in Reader(page).rows if cells and cells[0] == name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("LP alone", ["−50.0 %", "−30.0 %", "−40.0 %"], id="500, 700, 1,200"),
        pytest.param("with the hedge", ["−40.0 %", "−20.0 %", "−30.0 %"], id="100 more each"),
        pytest.param("no hedge", ["−37.5 %", "−7.9 %", "−23.1 %"], id="300 of 800, 60 of 760"),
        pytest.param(
            "start to end",
            ["125 %+50 on −40/", "too little+50 on −10/", "200 %+100 on −50/"],
            id="a loss of one per cent has no share",
        ),
        pytest.param(
            "while VIX > 30",
            ["no loss+25 on +60/", "no loss+25 on +10/", "no loss+50 on +70/"],
            id="what came back is no loss",
        ),
        pytest.param("its cost while VIX ≤ 20", ["unknown"] * 3, id="one day tells no year"),
    ],
)
def test_the_table_has_every_range(page: str, name: str, expected: list[str]) -> None:
    assert row(page, name) == expected


def test_every_claim_stands_beside_what_was_measured(page: str) -> None:
    claims = [cells for cells in Reader(page).rows if len(cells) == 5 and cells[0] != "claim"]
    assert [(cells[0].split()[0], cells[3]) for cells in claims] == [
        ("60–75", "cannot be tested"),
        ("60–75", "held"),
        ("drawdown", "not held"),
    ]
    assert claims[1][2] == "62 %: loss −240, hedge +150 USD"


def test_what_the_figures_rest_on_is_said(page: str) -> None:
    text = " ".join(re.sub("<[^>]+>", "", page).split())
    assert "hedge prices are a model's, and so are fees unless they were read on a chain" in text
    assert "(seed 7)" in text
    assert "there is nothing to walk forward" in text
    assert "an add is a false alarm where within 60 days" in text
    assert "0 of 2 adds (2 sound, 0 open)" in text
    assert "ETH: invented." in text
    assert "only 1 days with VIX at or below 20" in text
    assert "local chain" not in text


def test_the_page_needs_nothing_beside_it(page: str) -> None:
    seen = Reader(page).seen
    assert not {"script", "link", "iframe"} & {tag for tag, _ in seen}
    sources = [
        value or "" for _, attrs in seen for value in (attrs.get("src"), attrs.get("srcset"))
    ]
    told_ = [one for one in sources if one]
    assert len(told_) == 2 * 5
    assert all(one.startswith("data:image/png;base64,") for one in told_)
    style = page.partition("</style>")[0]
    assert "prefers-color-scheme: dark" in style
    assert not re.search(r"url\(|@import|https?:", style)
    assert all(attrs.get("alt") for tag, attrs in seen if tag == "img")
    assert len(page) < 3_000_000


def test_an_alert_s_markup_is_text(page: str) -> None:
    assert "<b>sell" not in page
    assert "&lt;b&gt;sell" in page


def test_proposals_come_first_and_all_else_is_folded_away(page: str) -> None:
    asked, _, rest = page.partition("<details>")
    assert "L1.add" in asked
    assert "range.out" not in asked
    assert "range.out" in rest
    assert "All other alerts (2)" in rest


def test_of_very_many_alerts_the_page_says_where_the_rest_is() -> None:
    many = [alert(Action.NOTIFY, AlertState.REPEAT, START) for _ in range(MOST_ALERTS + 7)]
    text = report_page(told(replace(STORY, alerts=tuple(many))), [])
    assert text.count("<time") == MOST_ALERTS
    assert "7 later ones are in alerts.jsonl" in text


def test_the_log_has_a_line_an_alert(out: Path) -> None:
    lines = (out / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["rule"] for line in lines].count("L1.add") == 3
    assert len(lines) == len(ALERTS) + 1


def png_size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_every_chart_is_drawn_for_a_desktop_and_a_phone(out: Path) -> None:
    for one in figures(told()):
        assert png_size((out / f"{one.name}.png").read_bytes())[0] == WIDE
        assert png_size(draw(STORY, one.chart, NARROW)) == size(one.chart, NARROW)
        assert "local chain" not in one.chart.title + one.chart.sources


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_is_cut_off_at_the_right(width: int) -> None:
    # The longest label, with two digits: −30 % hedged+fees.
    deeper = replace(SCENES[2], at=START + 4 * DAY)
    story = replace(STORY, scenes=(*SCENES, deeper))
    for one in figures(told(story)):
        drawn = imread(io.BytesIO(draw(story, one.chart, width)))
        assert drawn[:, -4:, :3].min() == 1.0, one.name


def test_where_no_hedge_was_on_none_is_drawn_over_the_drawdown() -> None:
    scenes = tuple(replace(one, hedge_usd=0.0, paid_usd=0.0) for one in SCENES)
    panel = Figure().subplots()
    draw_drawdowns(panel, replace(STORY, scenes=scenes))
    assert [text.get_text().partition("% ")[2] for text in panel.texts] == ["LP", "LP+fees"]
    assert "no hedge was ever on" in panel.get_title(loc="left")


def test_many_labels_stay_beside_their_panel() -> None:
    panel = Figure().subplots()
    label_right(panel, [(0.5, str(n), "black") for n in range(20)])
    heights = [text.get_position()[1] for text in panel.texts]
    assert (min(heights), max(heights)) == pytest.approx((0.0, 1.0))


def test_the_end_of_the_last_day_is_of_that_day() -> None:
    worse = replace(SCENES[2], at=START + 4 * DAY)
    story = replace(STORY, scenes=(*SCENES[:2], SCENES[3], worse))
    assert "On 5 March the positions" in report_page(told(story), [])  # not on the 6th


def test_the_same_replay_gives_the_same_files(tmp_path: Path) -> None:
    first, second = (write_report(told(), tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(Story(alerts=(), scenes=SCENES[:1]), id="one moment"),
        pytest.param(
            Story(
                alerts=ALERTS,
                scenes=tuple(
                    replace(one, vix=None, hedge_usd=None, paid_usd=None) for one in SCENES
                ),
            ),
            id="all unknown but the positions",
        ),
    ],
)
def test_what_is_not_known_is_drawn_with_holes_and_called_unknown(
    story: Story, tmp_path: Path
) -> None:
    write_report(told(story), tmp_path)
    assert "unknown" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_rate_that_only_a_few_days_pace_makes_is_not_told() -> None:
    assert rate((0.125, "")) == "12.5 %"
    assert rate((7_730.0, "")) == "> 1,000 %"
    assert rate((None, "why")) == "unknown"


def test_where_nothing_can_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file in the way")
    with pytest.raises(Permanent, match=r"nothing can be written to .*out: File exists"):
        write_report(told(), tmp_path / "out")
