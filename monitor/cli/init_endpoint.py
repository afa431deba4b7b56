"""What `init` asks about endpoints, and which chain they serve."""

import asyncio
import os
import re
from typing import Any, Final

from monitor.app.first_visits import chain_served
from monitor.chain.registry import KNOWN
from monitor.chain.settings import checked_address
from monitor.cli.init_drawer import is_open
from monitor.cli.init_session import Session, wanting
from monitor.errors import HedgewatchError
from monitor.logs import refers
from monitor.rules.suggest import did_you_mean

_USUAL: Final = "ETH_RPC_URL"
_USUAL_CHAIN: Final = "ethereum"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LOCAL: Final = {31_337: "devnet"}
_BY_ID: Final = {known.chain_id: name for name, known in KNOWN.items()}


def endpoints(session: Session) -> None:
    """Settle the endpoints, and from what they serve the chain's name."""
    given, served = _given(session) if session.asked.rpc else _typed(session)
    session.put(rpc=given, **_named(session, served))


def _given(session: Session) -> tuple[tuple[str, ...], int | None]:
    """Return the endpoints of the command line, and the id of the chain they serve."""
    given = tuple(session.asked.rpc)
    if any(not refers(one) and not is_open(one) for one in given):
        raise wanting(
            "--rpc takes env:NAME, file:/path, or a URL of this machine without a path: any other"
            " may hold a key, and a command line can be read by every process"
        )
    if not session.tests:
        return given, None
    try:
        served = {asyncio.run(chain_served(one)) for one in given}
    except ValueError as error:
        raise wanting(f"--rpc: {error}") from None
    if len(served) > 1:
        told = " and ".join(map(str, sorted(served)))
        raise wanting(f"--rpc: these serve chains {told}: give the endpoints of one")
    return given, served.pop()


def _typed(session: Session) -> tuple[tuple[str, ...], int | None]:
    """Ask for endpoints until there is one, and no other is given."""
    session.say("An endpoint of your chain: its URL, or env:NAME or file:/path where it is kept.")
    session.say("It is not shown as you type or paste it.")
    usual = f"env:{_USUAL}" if os.environ.get(_USUAL) else ""
    given, served = list[str](), None
    question, default = "Endpoint:", usual
    while True:
        found = _one(session, question, default, known=served)
        if found is None and given:
            return tuple(given), served
        if found is not None and found[0] not in given:
            given.append(found[0])
            served = found[1] or served
            question, default = "Another, for when this one fails (Enter: none):", ""


def _one(
    session: Session, question: str, default: str, *, known: int | None
) -> tuple[str, int | None] | None:
    """Return an endpoint and the chain it serves; None where none was given or it will not do."""
    assert session.person is not None
    typed = session.person.hidden(question, default)
    if not typed:
        return None
    kept = _kept(session, typed)
    if kept is None:
        return None
    if not session.tests:
        return kept, None
    try:
        served = asyncio.run(chain_served(kept))
    except (HedgewatchError, ValueError) as error:
        session.say(f"fix   {error}")
        stays = session.person.yes("Keep it all the same?", default=False)
        return (kept, None) if stays else None
    if known not in (None, served):
        session.say(f"fix   it serves chain {served}, the first one chain {known}: left out")
        return None
    session.say(f"ok    it serves chain {served}, {_BY_ID.get(served, 'not known by name')}")
    return kept, served


def _kept(session: Session, typed: str) -> str | None:
    """Return a reference to an endpoint, kept in a file where its owner agrees."""
    assert session.person is not None
    if refers(typed) or is_open(typed):
        return typed
    reference, place = session.drawer.keep("rpc", typed)
    if session.person.yes(f"Keep it in {place}, for you alone to read?", default=True):
        return reference
    session.say("Then keep it where you like, and give env:NAME or file:/path.")
    return None


def _named(session: Session, served: int | None) -> dict[str, Any]:
    """Return the chain's name, with id and position manager where it is not known by name."""
    asked = session.asked
    chain_id = asked.chain_id or served
    name = asked.chain or _BY_ID.get(chain_id or 0, "")
    if not name and chain_id is None:
        name = _USUAL_CHAIN if session.person is None else _known(session)
    if name in KNOWN and chain_id in (None, KNOWN[name].chain_id):
        return {"chain": name}
    if chain_id is None:
        raise wanting(f"chain {name!r} is not known by name: give --chain-id and --manager")
    usual = _LOCAL.get(chain_id, f"chain{chain_id}")
    manager = asked.manager
    if session.person is None:
        if not manager:
            raise wanting(f"chain {chain_id} is not known by name: give --manager 0x…")
    else:
        name = name or _own_name(session, usual)
        manager = manager or manager_told(session)
    name = name or usual
    if not _NAME.fullmatch(name):
        raise wanting(f"--chain: {_no_name(name)}")
    return {"chain": name, "chain_id": chain_id, "manager": _address(manager)}


def _known(session: Session) -> str:
    """Ask for the name of a chain that is known, where no endpoint told which it serves."""
    assert session.person is not None
    while (name := session.person.ask("Chain:", _USUAL_CHAIN)) not in KNOWN:
        told = f"no chain {name[:60]!r} is known by name{did_you_mean(name, KNOWN)}"
        session.say(f"fix   {told}; another needs --chain-id and --manager")
    return name


def _own_name(session: Session, usual: str) -> str:
    assert session.person is not None
    while not _NAME.fullmatch(name := session.person.ask("What to call it:", usual)):
        session.say(f"fix   {_no_name(name)}")
    return name


def _no_name(text: str) -> str:
    return f"letters, digits, - and _ only, was {text[:60]!r}"


def manager_told(session: Session, default: str = "") -> str:
    """Ask for the position manager of a chain that is not known by name."""
    assert session.person is not None
    while True:
        typed = session.person.ask("Its Uniswap v3 position manager (0x…):", default)
        try:
            return checked_address(typed)
        except ValueError as error:
            session.say(f"fix   {error}")


def _address(text: str) -> str:
    try:
        return checked_address(text)
    except ValueError as error:
        raise wanting(f"--manager: {error}, was {text[:60]!r}") from None
