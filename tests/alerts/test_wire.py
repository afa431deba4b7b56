import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.alert import Alert
from monitor.alerts.wire import from_json, to_json
from monitor.model.layer import Ticket
from monitor.model.observation import Block
from monitor.rules.verdict import Term

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5.5))])
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001
FLOATS = st.floats(allow_nan=False)
SCALARS = FLOATS | st.booleans() | st.text(max_size=8)
BIG = st.integers(0, 2**256)

st.register_type_strategy(datetime, INSTANTS)
st.register_type_strategy(date, st.dates(date(1970, 1, 1), date(2200, 1, 1)))
st.register_type_strategy(float, FLOATS)
# Contracts in parts, as they are booked: a whole number of them is an int.
PARTS = st.decimals(-(10**6), 10**6, places=4).filter(lambda part: part % 1 != 0)
st.register_type_strategy(Decimal, PARTS.map(Decimal.normalize))
TERMS = st.builds(Term, left=st.none() | SCALARS, right=st.none() | SCALARS)
ALERTS = st.builds(
    Alert,
    block=st.none() | st.builds(Block, number=BIG),
    trace=st.lists(TERMS, max_size=3).map(tuple),
    values=st.dictionaries(st.text(max_size=8), st.none() | SCALARS, max_size=4),
    ticket=st.none() | st.builds(Ticket),
)


def types_of(alert: Alert) -> list[type]:
    scalars = [*alert.values.values()]
    for term in alert.trace:
        scalars += [term.left, term.right, term.truth]
    return [type(scalar) for scalar in scalars]


@given(ALERTS)
def test_an_alert_comes_back_as_it_went(alert: Alert) -> None:
    text = to_json(alert)
    back = from_json(text)
    assert back == alert
    assert types_of(back) == types_of(alert)
    assert "\n" not in text
    assert to_json(back) == text


@pytest.fixture
def alert() -> Alert:
    at = "2020-03-09T20:15:00.000001Z"
    names = ("id", "idem", "key", "rule", "pack", "scope", "layer_title", "title", "text")
    fields = dict.fromkeys(names, "x") | {"at": at, "since": at, "layer": None}
    said = {"action": "add", "state": "firing", "severity": "warning"}
    return from_json(json.dumps(fields | said))


def test_text_is_kept_as_people_read_it(alert: Alert) -> None:
    assert '"title":"WETH · –6,2 % \\"x\\""' in to_json(replace(alert, title='WETH · –6,2 % "x"'))


def test_what_is_not_finite_survives_too(alert: Alert) -> None:
    term = Term(text="", truth=None, left=math.nan, op="<", right=-math.inf, margin=math.inf)
    back = from_json(to_json(replace(alert, trace=(term,), values={"x": math.inf})))
    assert (back.trace[0].right, back.trace[0].margin, back.values) == (
        -math.inf,
        math.inf,
        {"x": math.inf},
    )
    assert isinstance(back.trace[0].left, float)
    assert math.isnan(back.trace[0].left)


def test_an_integer_and_a_read_only_mapping_are_values_too(alert: Alert) -> None:
    given = replace(alert, values=MappingProxyType({"layer.dte": 21}))
    assert from_json(to_json(given)).values == {"layer.dte": 21}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("", "Field required", id="nothing at all"),
        pytest.param('{"id": "x"}', "idem", id="a field that is missing is named"),
    ],
)
def test_what_is_no_alert_is_refused(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_json(text)
