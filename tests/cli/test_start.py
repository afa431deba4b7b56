"""What verbs that look at the saved store must not wait for: seconds of imports they never use."""

import subprocess
import sys

LOOKING = ("faces", "faces_positions", "faces_signals", "faces_status", "layer", "position")
HEAVY = (
    "aiohttp",
    "apscheduler",
    "exchange_calendars",
    "matplotlib",
    "pandas",
    "talipp",
    "telegram",
    "web3",
)


def test_verbs_that_ask_no_chain_and_no_service_load_nothing_that_does() -> None:
    program = (
        f"import importlib, sys\n"
        f"for name in {LOOKING}: importlib.import_module(f'monitor.cli.{{name}}')\n"
        f"print(*(name for name in {HEAVY} if name in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout.split() == []


def test_the_parser_alone_loads_nothing_heavy_for_every_tab_pressed_waits_for_it() -> None:
    heavy = (*HEAVY, "eth_utils", "numpy", "pydantic")
    program = (
        "import sys, monitor.cli.completing\n"
        "monitor.cli.completing.complete(['rules', 'explain', 'L2'])\n"
        f"print(*(name for name in {heavy} if name in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout.split() == []
