"""What the page says of a moment: every state in its own words, and nothing of others' as HTML."""

import json
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model.observation import Gap, Missing
from monitor.store.course import CourseMark
from monitor.web.charts import series
from monitor.web.page import built, page
from monitor.web.positions import positions
from monitor.web.rules import rules
from monitor.web.seen import Delivered, Seen
from monitor.web.standing import Stand, rulings
from tests.web.moments import BEGUN, PEAK, Stage, bought, many, storm
from tests.web.test_markup import Reader

HOSTILE = "<script>alert(1)</script>\"onload=x'</title><!--"
RULES = """\
schema = 1
[pack]
id = "evil"
title = "Rules of somebody else"
evidence = "claim"
sources = []
[[rule]]
id = "evil.title"
scope = "book"
action = "notify"
when = 'vix > 1.0'
title = '''{hostile}'''
text = '''{hostile}'''
[[layer]]
id = "EV"
title = '''{hostile}'''
scope = "book"
instrument = {{ kind = "vix.call", dte = 110, delta = 0.50 }}
size = {{ policy = "fixed", contracts = 1 }}
  [[layer.rule]]
  id = "EV.add"
  action = "add"
  when = 'vix > 1.0'
  title = '''{hostile}'''
  text = '''{hostile}'''
"""


def read(made: str) -> Reader:
    reader = Reader()
    reader.feed(made)
    reader.close()
    return reader


def text(made: str) -> str:
    return " ".join(read(made).text.split())


def test_every_word_of_a_hostile_rule_file_is_text(hand: Any, tmp_path: Path) -> None:
    file = tmp_path / "evil.toml"
    file.write_text(RULES.format(hostile=HOSTILE), "utf-8")
    stage = Stage(hand.book(files=(file,)))
    stage.take(hand.vix(13.68, BEGUN), hand.snapshot(BEGUN, hand.position()))
    stage.take(Gap(source="vix", observed_at=BEGUN, reason=HOSTILE))
    unread = Missing(key="1:0x4:9", reason=HOSTILE)
    stage.take(hand.snapshot(BEGUN, hand.position(), number=2, missing=(unread,)))
    assert len(stage.events) == 2
    seen = storm_of(stage)
    made = page(built(seen), "x-1")
    reader = read(made)
    assert made.lower().count("<script") == reader.elements.count("script") == 2
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    # The titles of a rule and its layer, their alerts' titles and texts, a gap, what is missing.
    assert reader.text.count(HOSTILE) >= 8


def storm_of(stage: Stage) -> Seen:
    return stage.seen(BEGUN, delivered=Delivered(events=tuple(stage.events)))


def test_the_sentence_on_top_is_the_loudest_thing_there_is(stormy: Seen) -> None:
    told = text(built(stormy).parts["headline"])
    assert told.startswith("6 alerts fire. 6 positions, IL unknown, hedge covers 26.1 %.")
    # What is unknown, and of what the cover is, is there without a pointer to hover with.
    assert "Last block 4 s ago. IL unknown: the entry of #5120 is unknown" in told
    assert "The cover is of a spike as in 2020, by the model: 2,531 USD made on" in told


@pytest.mark.parametrize(
    ("change", "begins", "state"),
    [
        pytest.param({"running": False}, "The daemon is not running.", "unknown", id="stopped"),
        pytest.param({"now": PEAK + timedelta(minutes=6)}, "Blind on main.", "unknown", id="blind"),
        pytest.param({"trouble": "disk full"}, "The store takes nothing.", "firing", id="full"),
    ],
)
def test_what_is_not_known_is_never_calm(
    stormy: Seen, change: dict[str, Any], begins: str, state: str
) -> None:
    part = built(replace(stormy, **change)).parts["headline"]
    assert text(part).startswith(begins)
    assert f'class="headline {state}"' in part
    if "now" in change:
        assert "IL unknown, hedge covers unknown" in text(part)


def test_a_quiet_book_is_calm(hand: Any) -> None:
    stage = Stage(hand.book("alvh"))
    stage.take(hand.vix(16.0, BEGUN), hand.snapshot(BEGUN, hand.position()))
    part = built(stage.seen(BEGUN)).parts["headline"]
    assert text(part).startswith("Calm. 1 position, IL 0.00 %, no hedge held.")
    assert "headline quiet" in part


def test_what_no_rule_can_tell_is_not_calm(hand: Any) -> None:
    stage = Stage(hand.book("alvh"))
    stage.take(hand.snapshot(BEGUN, hand.position()))  # and nobody tells of the VIX
    part = built(stage.seen(BEGUN)).parts["headline"]
    assert "rules are unknown. 1 position" in text(part)
    assert "headline unknown" in part


def test_a_daemon_of_feeds_alone_that_stands_still_is_not_calm(hand: Any) -> None:
    stage = Stage(hand.book("alvh"))
    stage.take(hand.vix(16.0, BEGUN))
    seen = stage.seen(BEGUN + timedelta(minutes=6))
    part = built(replace(seen, ground=replace(seen.ground, chains=()))).parts["headline"]
    assert text(part).startswith("Nothing was observed for 6 m.")
    assert "headline unknown" in part


def test_what_was_never_read_is_unknown_and_no_zero(hand: Any) -> None:
    book = hand.book("alvh", "lp_range", "self")
    seen = Stage(book).seen(BEGUN)
    assert text(built(seen).parts["headline"]).startswith("Blind on main. unknown positions, IL")
    stands = {one.rule.id: one.stand for one in rulings(seen)}
    assert stands["range.out"] is Stand.UNKNOWN
    stage = Stage(book)
    stage.take(hand.vix(16.0, BEGUN), hand.snapshot(BEGUN))
    seen = stage.seen(BEGUN)
    assert " 0 positions, IL" in text(built(seen).parts["headline"])
    assert {one.rule.id: one.stand for one in rulings(seen)}["range.out"] is Stand.QUIET


def test_why_a_figure_is_unknown_is_not_hidden_from_who_cannot_hover(stormy: Seen) -> None:
    for part in built(stormy).parts.values():
        assert 'class="unknown" title' not in part


def test_figures_of_an_old_block_are_unknown_and_so_is_their_range(stormy: Seen) -> None:
    now = positions(stormy)
    old = positions(replace(stormy, now=PEAK + timedelta(minutes=6)))
    assert "#range-in" in now
    assert "#range-in" not in old
    assert "#range-out" not in old
    assert old.count("? unknown") == 6
    assert "in range</span>" not in old.replace("time in range", "")
    assert "−7.7 %" in now
    assert "−7.7 %" not in old


def test_rules_stand_as_their_conditions_do(stormy: Seen) -> None:
    stands = {one.rule.id: one.stand for one in rulings(stormy)}
    assert stands["range.out"] is Stand.FIRING
    assert stands["self.entries"] is Stand.PENDING
    assert stands["self.outbox"] is Stand.UNKNOWN  # nobody looked at the store
    assert stands["L2.add"] is Stand.QUIET
    counts = next(one.counts for one in rulings(stormy) if one.rule.id == "range.out")
    assert counts == {Stand.FIRING: 2, Stand.QUIET: 4}


def test_a_condition_that_grew_old_is_unknown_before_the_daemon_says_so(stormy: Seen) -> None:
    old = rulings(replace(stormy, now=PEAK + timedelta(minutes=6)))
    stands = {one.rule.id: one.stand for one in old}
    assert stands["range.edge"] is Stand.UNKNOWN
    assert stands["self.blind"] is Stand.QUIET  # what tells of blindness is known by the clock


def test_a_rule_over_many_stands_as_one_by_one(hand: Any) -> None:
    few, lot = many(hand, 5), many(hand, 40)
    of_few = {(o.rule.id, s): stand for o in rulings(few) for s, stand in o.shown}
    of_lot = {(o.rule.id, s): stand for o in rulings(lot) for s, stand in o.shown}
    shared = of_few.keys() & of_lot.keys()
    assert len(shared) > 10
    assert {key: of_few[key] for key in shared} == {key: of_lot[key] for key in shared}


def test_a_chip_opens_what_its_rule_was_judged_by(stormy: Seen) -> None:
    told = text(rules(stormy, rulings(stormy)))
    assert "✓ Out of range 3 d > 1 h block 6" in told
    assert "L2 is on already" in told
    assert "✗ VIX 82.69 < 15.0 cboe" in told


def test_a_mark_that_is_no_finite_number_is_a_gap_in_the_charts() -> None:
    marks = tuple(CourseMark(at=n, il=il) for n, il in enumerate((-0.01, float("inf"), -0.02)))
    assert json.loads(series(marks))["il"] == [-1.0, None, -2.0]


def test_layers_are_a_ladder_with_their_next_date(stormy: Seen) -> None:
    told = text(built(stormy).parts["layers"])
    assert "L1 ○ off" in told
    # 16 March to 17 June: 15 + 30 + 31 + 17 days.
    assert "L2 ■ on VIX calls 110 d 4 × VIX 17 Jun 2020 18 call next date 17 Jun 2020, 93 d" in told


def test_an_open_proposal_has_its_ticket(hand: Any) -> None:
    stage = Stage(hand.book("alvh"))
    stage.take(hand.vix(13.68, BEGUN), hand.snapshot(BEGUN, hand.position()))
    told = text(built(stage.seen(BEGUN + timedelta(minutes=1))).parts["layers"])
    assert "◐ proposed" in told
    assert "add proposed, alert " in told
    assert "void 15 Feb 21:20 UTC (in 23 h)" in told


def test_what_a_person_did_not_tell_is_no_hedge(hand: Any) -> None:
    stage = Stage(hand.book("alvh"))
    stage.take(hand.vix(16.0, BEGUN), hand.snapshot(BEGUN, hand.position()))
    assert "No hedge was ever booked." in text(built(stage.seen(BEGUN)).parts["layers"])
    stage.take(bought(BEGUN, "L2", "vix.call 2020-06-17 18 +4 @1.60"))
    assert "■ on" in text(built(stage.seen(BEGUN)).parts["layers"])


def test_the_outbox_tells_what_waits_and_what_was_given_up(stormy: Seen) -> None:
    told = text(built(stormy).parts["outbox"])
    assert "○ console nothing waits" in told
    assert "● telegram 3 waiting, 1 given up · oldest 2 m ago" in told
    assert "to telegram, given up 3 s ago: 403: the bot was blocked by the user" in told


def test_silences_are_shown_with_their_end_and_reason(stormy: Seen) -> None:
    told = text(built(stormy).parts["outbox"])
    assert "Silences 4B0A9C pack=lp_range ends in 4 h silenced 2 h ago by ann: moving the" in told
    assert "<range>" not in built(stormy).parts["outbox"]
    assert "Silences" not in text(built(replace(stormy, silences=())).parts["outbox"])


def test_what_is_held_by_will_is_not_late(stormy: Seen) -> None:
    # Quiet hours until 08:00 of the next day.
    (owed,) = stormy.delivered.backlog
    oldest = PEAK + timedelta(hours=11, minutes=40)
    held = replace(stormy.delivered, backlog=(replace(owed, dead=0, oldest=oldest),))
    told = text(built(replace(stormy, delivered=held)).parts["outbox"])
    assert "◐ telegram 3 waiting, 0 given up · held until 17 Mar 08:00 UTC" in told


def test_sources_tell_of_endpoints_and_of_feeds_that_fail(stormy: Seen) -> None:
    told = text(built(stormy).parts["sources"])
    assert "○ main block 6, 4 s ago" in told
    assert "rpc-2.example ◐ put aside since 20:11 UTC: its head is 41 blocks behind" in told
    assert "? dvol.eth never answered deribit: 503, asked again in 30 s" in told


def test_a_page_of_500_positions_is_built_in_a_fifth_of_a_second(hand: Any) -> None:
    seen, took = many(hand, 500), list[float]()
    for _ in range(5):
        fresh = replace(seen)
        began = time.process_time()
        made = page(built(fresh), "x-1")
        took.append(time.process_time() - began)
    assert made.count('data-key="position:') == 500
    assert min(took) < 0.2, f"{min(took) * 1000:.0f} ms of CPU, {len(made):,} characters"


def test_the_storm_is_told_twice_alike(hand: Any, stormy: Seen) -> None:
    assert built(storm(hand)).parts == built(replace(stormy)).parts
