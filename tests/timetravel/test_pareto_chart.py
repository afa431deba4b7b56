"""A sweep's plot: its places told apart, and nothing cut off."""

import io
from itertools import product

from matplotlib.image import imread

from monitor.timetravel.events import EVENTS
from monitor.timetravel.pareto_chart import Dot, draw_pareto, styles

PLACES = list(product(EVENTS, ("×/÷1.2", "×/÷1.5", "×/÷2", "full")))


def test_no_two_places_look_alike() -> None:
    found = styles(PLACES)
    assert list(found) == PLACES
    assert len(set(found.values())) == len(PLACES)


def test_the_names_of_many_places_stay_in_the_picture() -> None:
    dots = [Dot(place, 10.0 * n, 500.0, n % 3 > 0) for n, place in enumerate(PLACES)]
    dots += [dot._replace(cost_usd=dot.cost_usd - 5, best=True) for dot in dots]
    drawn = imread(io.BytesIO(draw_pareto("many", dots, {PLACES[0]: 700.0})))[..., :3]
    assert drawn[:, -4:].min() == 1.0
    assert drawn[-4:].min() == 1.0
