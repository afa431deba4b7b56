"""What to type, for each group and verb: shown at the end of its `--help`.

A verb may be given an epilog of its own instead.
"""

from collections.abc import Mapping
from typing import Final

_LEG: Final = '"vix.call 2027-03-17 29 +4 @2.85"'

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "init": (
        "init                                 at a terminal: it asks",
        "init --yes --rpc env:ETH_RPC_URL --nft 4471",
        "init --yes --rpc env:ETH_RPC_URL --nft 4471 --mqtt 127.0.0.1 \\",
        "    --telegram-token env:TELEGRAM_TOKEN --telegram-chat env:TELEGRAM_CHAT",
    ),
    "completion": (
        "completion bash > ~/.hedgewatch.bash   and source that in ~/.bashrc",
        "completion zsh > ~/.hedgewatch.zsh     likewise, after compinit",
        "completion fish > ~/.config/fish/completions/hedgewatch.fish",
    ),
    "run": ("run", "run --config home.toml --tape var/tape"),
    "demo": ("demo --out out", "demo --speed 2                  two of its days a second"),
    "devnet": ("devnet", "devnet --port 8545 --block 1"),
    "rules": ("rules check", "rules explain L2.add", "rules test --coverage"),
    "rules check": ("rules check", "rules check mine.toml --strict"),
    "rules test": ("rules test --coverage", "rules test mine.toml --junit out/rules.xml"),
    "rules explain": ("rules explain L2.add", "rules explain mine.add --pack mine.toml"),
    "rules fmt": ("rules fmt mine.toml", "rules fmt --check rules"),
    "rules diff": ("rules diff rules mine --event covid_2020",),
    "rules language": ("rules language",),
    "layer": ("layer list", f"layer fill L2 --leg {_LEG}"),
    "layer list": ("layer list",),
    "layer fill": (
        f"layer fill L2 --leg {_LEG}",
        f"layer fill L2 --leg {_LEG} \\",
        "    --at 2026-11-20T15:00Z",
    ),
    "layer roll": (
        'layer roll L2 --leg "vix.call 2027-03-17 29 -4 @1.10" \\',
        '    --leg "vix.call 2027-07-21 30 +4 @3.05"',
    ),
    "layer close": ("layer close L2", 'layer close L2 --leg "vix.call 2027-03-17 29 -2 @8.40"'),
    "layer cash": ("layer cash P +12.50 --note funding",),
    "layer journal": ("layer journal L2",),
    "layer undo": ("layer undo L2", "layer undo L2 7              the trade of entry 7"),
    "layer correct": ('layer correct L2 7 --leg "vix.call 2027-03-17 29 +4 @2.58"',),
    "ticket": ("ticket L2", "ticket L2 --action roll"),
    "whatif": ("whatif", "whatif --eth -30% --vix 45", "whatif --png out/shocks.png"),
    "doctor": ("doctor", "doctor --config home.toml"),
    "status": ("status",),
    "positions": (
        "positions",
        "positions --wallet 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045",
    ),
    "signals": ("signals", "signals vix position.il --watch", "signals --catalogue"),
    "web": ("web", "web --port 9000", "web --dashboard"),
    "position": ("position show 4471",),
    "position show": (
        "position show 4471 --block 21204511",
        "position show 1:0xC36442b4a4522E871399CD717aBDD847Ab11FE88:4471",
    ),
    "book": ("book", "book --json"),
    "log": ("log", "log -n 100"),
    "outbox": ("outbox", "outbox --requeue 12"),
    "history": ("history pull vix --from 2024-01-01", "history list"),
    "history pull": (
        "history pull vix --from 2024-01-01",
        "history pull vx.settle --from 2026-01-02 --parquet data",
    ),
    "history show": ("history show vix -n 60",),
    "history list": ("history list",),
    "timetravel": (
        "timetravel covid_2020 --out out",
        "timetravel --from 2025-03-24 --to 2025-05-30 --rules alvh --range 2",
        "timetravel --tape var/tape          what today's rules make of it",
    ),
    "sweep": (
        "sweep mine.toml --grid calm=13,15,17 --grid contracts=2,4 \\",
        "    --events covid_2020 bear_2022 --jobs 2 --out out/sweep",
    ),
    "mqtt schema": (
        "mqtt schema            every topic, and the schema of what it tells",
        "mqtt schema event",
    ),
    "silences": ("silences",),
    "unsilence": ("unsilence 3F9A20",),
    "why": ("why A17F3C",),
    "ack": ("ack A17F3C",),
    "snooze": ("snooze A17F3C 2h",),
}
"""By the words of a verb; a line that begins with blanks goes on with the one before."""


def examples(words: str) -> str | None:
    """Return what ends the help of a verb by these words; None where nothing is known."""
    told = EXAMPLES.get(words)
    if told is None:
        return None
    lines = (f"  {one}" if one.startswith(" ") else f"  hedgewatch {one}" for one in told)
    return "\n".join(("examples:", *lines))
