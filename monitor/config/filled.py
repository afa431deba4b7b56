"""The commented config with its owner's answers in it: every comment of the shipped one stays."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from monitor.chain.settings import UNISWAP_V3, Protocol

_HEADER: Final = re.compile(r"(?:# )?\[")
_REMARK: Final = re.compile(r"\s{2,}#.*$")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_REMARKS_FROM: Final = 41
"""The column from which the shipped file has its remarks."""

Value = str | int | bool | Sequence[str] | Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttPlan:
    """A broker. password: a reference."""

    host: str
    port: int = 1883
    username: str = ""
    password: str = ""
    tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramPlan:
    """A bot and its chat. token: a reference. base_url: of a local Bot API server.

    users: who may ask; nobody where empty. tells: whether they may tell of trades, too.
    """

    token: str
    chat: int | str
    users: tuple[int, ...] = ()
    tells: bool = False
    base_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an owner answered. rpc: references, or URLs on the loopback.

    chain_id, manager: of a chain not known by name. wallets, nft, pools: what to watch, of
    one protocol. pegged: coins counted as one dollar. feeds: providers by signal, in order.
    """

    instance: str = "home"
    chain: str = "ethereum"
    rpc: tuple[str, ...] = ()
    chain_id: int | None = None
    manager: str = ""
    protocol: Protocol = UNISWAP_V3
    wallets: tuple[str, ...] = ()
    nft: tuple[int, ...] = ()
    pools: tuple[str, ...] = ()
    pegged: tuple[str, ...] = ()
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    packs: tuple[str, ...] = ()
    mqtt: MqttPlan | None = None
    telegram: TelegramPlan | None = None


def filled(shipped: str, plan: Plan) -> str:
    """Return the shipped config with a plan's answers in it.

    What was not asked stays as shipped, comments and all. Raises LookupError where the
    shipped text lacks a table that is to be filled.
    """
    lines = shipped.splitlines()
    _fill(lines, "", {"instance": plan.instance})
    _fill(lines, "chain.ethereum", _chain(plan))
    lines[_start(lines, "chain.ethereum")] = f"[chain.{plan.chain}]"
    _watches(lines, plan)
    if plan.pegged:
        at = _find(lines, "usd", "pegged")
        lines.insert(at + 1, f"pegged = {_toml(plan.pegged)}")
    _fill(lines, "feeds", plan.feeds)
    if plan.packs:
        _fill(lines, "rules", {"enabled": plan.packs})
    if plan.telegram is not None:
        _telegram(lines, plan.telegram)
    if plan.mqtt is not None:
        _fill(lines, "channel.mqtt", _mqtt(plan.mqtt))
    return "\n".join(lines) + "\n"


def _chain(plan: Plan) -> dict[str, Value]:
    found: dict[str, Value] = {"rpc": plan.rpc}
    if plan.chain_id is not None:
        found["chain_id"] = plan.chain_id
    if plan.manager:
        found["manager"] = plan.manager
    return found


def _watches(lines: list[str], plan: Plan) -> None:
    """Put one `[[watch]]` a wallet and a pool, and one for all ids, in the example's place."""
    start = lines.index("[[watch]]")
    remark = '   # or nft = [1, 2]; or pool = "0x…"'
    watched = [
        *(f'wallet = "{one}"{remark}' for one in plan.wallets),
        *([f"nft = {_toml(plan.nft)}"] if plan.nft else []),
        *(f'pool = "{one}"' for one in plan.pools),
    ]
    told: list[str] = []
    for one in watched:
        told += ["[[watch]]", f'chain = "{plan.chain}"']
        if plan.protocol != UNISWAP_V3:
            told.append(f'protocol = "{plan.protocol}"')
        told += [one, ""]
    lines[start : lines.index("", start) + 1] = told


def _telegram(lines: list[str], plan: TelegramPlan) -> None:
    given: dict[str, Value] = {"token": plan.token, "chat": plan.chat}
    if plan.base_url:
        given["base_url"] = plan.base_url
    _fill(lines, "channel.telegram", given)
    if plan.users:
        asks = {"read": plan.users}
        both = {**asks, "write": plan.users}
        _fill(lines, "channel.telegram.commands", both if plan.tells else asks)


def _mqtt(plan: MqttPlan) -> dict[str, Value]:
    given: dict[str, Value] = {"host": plan.host, "port": plan.port}
    if plan.username:
        given["username"] = plan.username
    if plan.password:
        given["password"] = plan.password
    if plan.tls:
        given["tls"] = True
    return given


def _fill(lines: list[str], table: str, given: Mapping[str, Value]) -> None:
    """Put values into a table, each in the place of its example where there is one."""
    if table:
        lines[_start(lines, table)] = f"[{table}]"
    after = _start(lines, table)
    for key, value in given.items():
        told = f"{_key(key)} = {_toml(value)}"
        try:
            at = _find(lines, table, key)
        except LookupError:
            after += 1
            lines.insert(after, told)
            continue
        remark = _REMARK.search(lines[at])
        behind = f"  {remark[0].strip()}" if remark else ""
        lines[at] = f"{told:<{_REMARKS_FROM - 2}}{behind}" if behind else told
        after = at


def _start(lines: Sequence[str], table: str) -> int:
    """Return where a table's header is, as a comment or not; -1 for the top of the file."""
    if not table:
        return -1
    for at, line in enumerate(lines):
        if re.match(rf"(?:# )?\[{re.escape(table)}\]", line):
            return at
    raise LookupError(f"the shipped config has no [{table}]")


def _end(lines: Sequence[str], start: int) -> int:
    """Return where the next table begins, whether it is a comment or not."""
    following = (at for at in range(start + 1, len(lines)) if _HEADER.match(lines[at]))
    return next(following, len(lines))


def _find(lines: Sequence[str], table: str, key: str) -> int:
    start = _start(lines, table)
    for at in range(start + 1, _end(lines, start)):
        if re.match(rf"(?:# )?{re.escape(_key(key))} = ", lines[at]):
            return at
    raise LookupError(f"the shipped config has no {key} in [{table}]")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _toml(name)


def _toml(value: Value) -> str:
    """Return a value as TOML writes it: its strings, numbers and lists are JSON's."""
    return json.dumps(value, ensure_ascii=False)
