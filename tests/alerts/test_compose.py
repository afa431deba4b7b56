"""What an alert says where little is known yet."""

from datetime import UTC, datetime, timedelta

from monitor.alerts.alert import Alert
from monitor.alerts.render import plain
from monitor.app.rulebook import load_enabled, rulebook
from monitor.channels.port import Message
from monitor.config import Settings, parse_settings
from monitor.model.observation import Gap, Readings
from monitor.model.reading import Reading
from monitor.pipeline import State, step

HEARD = datetime(2020, 2, 14, 22, 30, tzinfo=UTC)
VIX = Reading(
    name="vix", value=13.2, unit="points", as_of=HEARD - timedelta(hours=1), source="manual"
)


def first_add(epoch: str) -> Alert:
    book = rulebook(Settings(), load_enabled(Settings()))
    seen = Readings(source="vix", observed_at=HEARD, readings=(VIX,))
    _, alerts = step(book, State(epoch=epoch), seen)
    return next(alert for alert in alerts if alert.rule == "L1.add")


def test_a_book_nobody_has_read_is_not_called_empty() -> None:
    assert first_add("a").subject == "Book: not read yet"


def test_a_proposal_without_a_ticket_says_why() -> None:
    told = first_add("a")
    assert told.ticket is None
    said = told.text.splitlines()
    assert said[-2] == "No ticket: no settlement of VIX futures is known."
    assert said[-1] == "Fit  unknown: IL on the VIX's rises, no position is in its scope"


def test_two_stores_never_share_a_key_or_an_id() -> None:
    one, other = first_add("5e471ea8"), first_add("5e471ea9")
    assert (one.idem, other.idem) == (
        "5e471ea8:L1.add:book:1:firing",
        "5e471ea9:L1.add:book:1:firing",
    )
    assert one.id != other.id


def test_blindness_names_its_cause() -> None:
    settings = parse_settings(
        '[chain.ethereum]\nrpc = ["env:X"]\n[[watch]]\nchain = "ethereum"\nnft = [1]\n'
    )
    book = rulebook(settings, load_enabled(settings))
    state, told = State(), list[Alert]()
    for minute in range(8):
        at = HEARD + timedelta(minutes=minute)
        gap = Gap(source="ethereum", observed_at=at, reason="rpc.example: connection refused")
        state, alerts = step(book, state, gap)
        told += alerts
    (blind,) = [alert for alert in told if alert.rule == "self.blind"]
    text = plain(Message(alert=blind, tries=0, repeat=False, now=blind.at))
    assert "No good snapshot for 6 m (limit 5 m)" in text
    assert "ethereum: rpc.example: connection refused" in text
