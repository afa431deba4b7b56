"""[[link]]: which positions continue which."""

import pytest

from monitor.config import parse_settings
from monitor.errors import ConfigError

BASE = '[chain.ethereum]\nrpc = ["env:ETH_RPC_URL"]\n[[watch]]\nchain = "ethereum"\nnft = [1]\n'
NPM = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"


def link(*positions: str) -> str:
    inside = ", ".join(f'"{one}"' for one in positions)
    return f"[[link]]\npositions = [{inside}]\n"


def test_links_are_read_in_order_and_spelled_as_snapshots_spell_them() -> None:
    settings = parse_settings(BASE + link(f"1:{NPM.lower()}:10", f"1:{NPM}:11"))
    assert settings.link[0].positions == (f"1:{NPM}:10", f"1:{NPM}:11")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(link(f"1:{NPM}:10"), "link.0.positions: ", id="one alone"),
        pytest.param(
            link(f"1:{NPM}:10", f"1:{NPM}:10"),
            "link.0: the same position stands there twice",
            id="one twice",
        ),
        pytest.param(
            link(f"1:{NPM}:10", f"10:{NPM}:11"),
            "link.0: its positions must be of one chain and one manager",
            id="of two chains",
        ),
        pytest.param(
            link(f"10:{NPM}:10", f"10:{NPM}:11"),
            f"link.0.positions: 10:{NPM}:10 is on no configured chain",
            id="of no chain that is configured",
        ),
        pytest.param(
            link(f"1:{NPM}:10", f"1:{NPM}:11") + link(f"1:{NPM}:11", f"1:{NPM}:12"),
            f"link.1.positions: 1:{NPM}:11 is in another [[link]] already",
            id="one in two links",
        ),
    ],
)
def test_a_link_that_cannot_be_is_told(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(BASE + text, "my.toml")
    assert any(str(fault).startswith(f"my.toml: {told}") for fault in caught.value.faults), [
        str(fault) for fault in caught.value.faults
    ]
