"""How wide a range of logs is asked for next; the steps are those nodes are known for."""

from monitor.chain.log_range import LogRange


def test_a_range_narrows_by_the_steps_that_nodes_are_known_for_and_then_by_halves() -> None:
    widths = LogRange(None)
    told = []
    asked = 2_000_000
    while widths.refused(asked):
        assert widths.width is not None
        told.append(asked := widths.width)
    assert told == [10_000, 1_000, 500, 250, 125, 62, 50]


def test_a_range_widens_after_as_many_full_grants_as_it_has_learned_to_wait_for() -> None:
    widths = LogRange(None)
    assert widths.refused(1_000)
    assert widths.width == 500
    for _ in range(15):
        widths.granted(500)
    widths.granted(20)  # a short one proves nothing
    assert widths.width == 500
    widths.granted(500)
    assert widths.width == 1_000
    assert widths.refused(1_000)
    for _ in range(31):
        widths.granted(500)
    assert widths.width == 500


def test_what_refusals_taught_is_forgotten_but_not_what_the_node_said() -> None:
    widths = LogRange(None)
    assert widths.refused(2_000_000)
    widths.forget()
    assert widths.width is None
    assert widths.refused(2_000_000, stated=2_048)
    assert widths.refused(2_048)
    widths.forget()
    assert widths.width == 2_048


def test_a_range_given_in_config_is_never_exceeded() -> None:
    widths = LogRange(300)
    for _ in range(100):
        widths.granted(300)
    assert widths.width == 300


def test_two_silences_over_very_many_blocks_count_as_a_refusal() -> None:
    widths = LogRange(None)
    widths.unanswered(2_000_000)
    widths.granted(2_000_000)
    widths.unanswered(2_000_000)
    assert widths.width is None
    widths.unanswered(2_000_000)
    assert widths.width == 10_000
    for _ in range(9):
        widths.unanswered(10_000)  # a node that is away, and not one that is overtaxed
    assert widths.width == 10_000
