"""What is due on the retained board, held to a plain reckoning of the difference."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.mqtt_board import STATUS, RetainedBoard

TOPICS = st.sampled_from(["a", "b", "c", "d"])
WANTED = st.dictionaries(TOPICS, st.sampled_from(["1", "2"]))
DOINGS = st.lists(
    st.one_of(
        st.tuples(st.just("want"), WANTED),
        st.tuples(st.just("saw"), TOPICS),
        st.tuples(st.just("done"), st.integers(0, 3)),
        st.tuples(st.just("late"), st.tuples(TOPICS, st.sampled_from(["", "1", "2"]))),
        st.tuples(st.just("forget"), st.none()),
    ),
    max_size=30,
)


class Play:
    """A board and a broker to which its wishes come, sometimes late."""

    def __init__(self) -> None:
        self.board = RetainedBoard(status="online")
        self.retained: dict[str, str] = {}
        self.wanted: dict[str, str] | None = None

    def want(self, told: dict[str, str]) -> None:
        self.wanted = told
        self.board.want(told)

    def saw(self, topic: str) -> None:
        self.retained.setdefault(topic, "9")
        self.board.saw(topic)

    def done(self, times: int) -> None:
        for _ in range(times):
            if (due := self.board.next()) is not None:
                self.late(due)

    def late(self, taken: tuple[str, str]) -> None:
        topic, payload = taken
        self.retained[topic] = payload
        if not payload:
            del self.retained[topic]
        self.board.done(topic, payload)

    def forget(self, _: None) -> None:
        self.board.forget()


@given(DOINGS)
def test_whatever_happens_the_broker_ends_with_what_is_wanted(
    doings: list[tuple[str, Any]],
) -> None:
    play = Play()
    for what, told in doings:
        getattr(play, what)(told)
    play.done(20)
    assert play.board.next() is None
    if play.wanted is not None:
        assert play.retained == {STATUS: "online", **play.wanted}


def test_the_status_comes_first_and_without_a_wish_nothing_is_cleared() -> None:
    board = RetainedBoard(status="online")
    board.saw("old")
    assert board.next() == (STATUS, "online")
    board.done(STATUS, "online")
    assert board.next() is None
    board.want({"new": "1"})
    assert board.next() == ("new", "1")
    board.done("new", "1")
    assert board.next() == ("old", "")


def test_on_a_road_slower_than_what_changes_each_topic_still_has_its_turn() -> None:
    board = RetainedBoard(status="online")
    topics = [f"position/{number}/state" for number in range(5)]
    taken: list[str] = []
    for block in range(6):
        board.want({topic: str(block) for topic in topics} | {"alerts": "1"})
        if block == 3:
            board.forget()
        for _ in range(2):
            due = board.next()
            assert due is not None
            board.done(*due)
            taken.append(due[0])
    assert taken[0] == taken[6] == STATUS
    assert {*topics, "alerts"} <= set(taken)
