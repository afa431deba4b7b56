"""What `init` asks about what to watch, in what money, and by which rules."""

import asyncio
import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from monitor.app.finding import Finding
from monitor.app.first_visits import chain_findings, feed_findings
from monitor.app.rulebook import load_enabled
from monitor.chain.settings import checked_address, token_id_of
from monitor.cli.faces_positions import lines_now
from monitor.cli.init_endpoint import manager_told
from monitor.cli.init_session import Session, reasons, wanting
from monitor.cli.lines import line
from monitor.errors import ConfigError, Permanent
from monitor.logs import redact
from monitor.rules.suggest import did_you_mean
from monitor.shipped import pack_names, rules_dir

_NOBODY: Final = "no position is there"
_UNPRICED: Final = "[[usd.feed]]"
_NONE: Final = "0 positions in 0 pools"
_READ: Final = re.compile(r"[\d,]+ positions? in [\d,]+ pools? read")


def watch(session: Session) -> None:
    """Settle what is watched, and show what is found there."""
    while True:
        try:
            session.fill(**_watched(session))
        except (ConfigError, ValueError) as error:
            if session.person is None or _given(session):
                raise wanting(f"--wallet, --nft, --pool: {reasons(error)}") from None
            session.say(f"fix   {reasons(error)}")
            continue
        if not session.tests:
            _pegged(session, [])
            return
        if _stands(session):
            return
        session.asked.wallet = session.asked.nft = session.asked.pool = []


def _given(session: Session) -> bool:
    """Return whether the command line says what to watch."""
    return bool(session.asked.wallet or session.asked.nft or session.asked.pool)


def _watched(session: Session) -> dict[str, Any]:
    """Return what to watch: as the command line has it, else as a person says."""
    asked = session.asked
    if _given(session):
        return {
            "protocol": asked.protocol,
            "wallets": tuple(map(checked_address, asked.wallet)),
            "nft": tuple(map(token_id_of, asked.nft)),
            "pools": tuple(map(checked_address, asked.pool)),
        }
    assert session.person is not None
    session.say()
    session.say("What to watch: wallets (0x…), token ids of positions (4471), or pool 0x….")
    session.say("Several go on one line.")
    told = read_watched(session.person.ask("Watch:"))
    return {"protocol": asked.protocol, **told}


def read_watched(text: str) -> dict[str, Any]:
    """Return wallets, token ids and pools from what a person typed.

    Raises ValueError in one sentence.
    """
    wallets, nft, pools = list[str](), list[int](), list[str]()
    words = iter(text.replace(",", " ").split())
    for word in words:
        if word.lower() == "pool":
            pools.append(checked_address(next(words, "")))
        elif word.startswith(("0x", "0X")):
            wallets.append(checked_address(word))
        else:
            nft.append(token_id_of(word.removeprefix("#")))
    if not (wallets or nft or pools):
        raise ValueError("name at least one")
    return {"wallets": tuple(wallets), "nft": tuple(nft), "pools": tuple(pools)}


def _stands(session: Session) -> bool:
    """Show what is there to be watched, and settle dollars; return whether the answer stands."""
    settings = session.settings()
    found = asyncio.run(chain_findings(settings))
    session.show(found)
    if not all(one.ok for one in found[: len(session.plan.rpc)]):
        return _kept(session, "an endpoint will not do")
    if not any(_READ.match(one.text) for one in found):
        return _kept(session, "nothing that is watched can be read")
    if any(one.text.startswith(_NONE) for one in found):
        return _kept(session, _NOBODY)
    _pegged(session, found)
    settings = session.settings()
    for text in lines_now(settings, {session.plan.chain: settings.watch}):
        session.out(redact(text))
    return True


def _kept(session: Session, why: str) -> bool:
    if session.person is None:
        raise Permanent(f"nothing was written: {why}; --untested writes it all the same")
    if session.person.yes(f"So far {why}. Keep it all the same?", default=False):
        return True
    if session.plan.manager and why != _NOBODY:  # typed by hand, and may be what is wrong
        session.put(manager=manager_told(session, session.plan.manager))
    return False


def _pegged(session: Session, found: list[Finding]) -> None:
    """Settle which coins count as one dollar; a person is asked only where one has no price."""
    given = tuple(session.asked.pegged)
    no_feed = any(not one.ok and _UNPRICED in one.text for one in found)
    unpriced = no_feed or session.plan.chain_id is not None
    if session.person is not None and unpriced and not given:
        session.say()
        session.say(
            "Some coin has no price feed here. A coin you name now, by its address, you count as"
            " one US dollar; USDC, say."
        )
        given = tuple(session.person.ask("Coins (Enter: none):").replace(",", " ").split())
    try:
        session.fill(pegged=tuple(map(checked_address, given)))
    except (ConfigError, ValueError) as error:
        if session.person is None or session.asked.pegged:
            raise wanting(f"--pegged: {reasons(error)}") from None
        session.say(f"fix   {reasons(error)}")
        _pegged(session, found)


def rules(session: Session) -> None:
    """Settle the rule packs, and ask the feeds they need."""
    known = pack_names()
    while True:
        given = tuple(session.asked.packs or ())
        usual = session.settings().rules.enabled
        if not given and session.person is not None:
            session.say()
            _offer(session, usual, known)
            typed = session.person.ask("Enable:", " ".join(usual))
            given = tuple(typed.replace(",", " ").split())
        given = _chosen(given, usual)
        strange = [one for one in given if one not in known]
        if not strange:
            break
        told = f"there is no pack {strange[0][:60]!r}{did_you_mean(strange[0], known)}"
        if session.person is None or session.asked.packs:
            raise wanting(f"--packs: {told}")
        session.say(f"fix   {told}")
    session.fill(packs=given)
    try:
        session.fill(feeds=dict(map(_order, session.asked.feed)))
    except (ConfigError, ValueError) as error:
        raise wanting(f"--feed: {reasons(error)}") from None
    if session.tests:
        settings = session.settings()
        session.show(asyncio.run(feed_findings(settings, load_enabled(settings))))


def _chosen(given: Iterable[str], usual: Sequence[str]) -> tuple[str, ...]:
    """Return the packs that were named; `+NAME` names one beside the usual ones."""
    given = tuple(given)
    before = usual if any(one.startswith("+") for one in given) else ()
    return tuple(dict.fromkeys((*before, *(one.removeprefix("+") for one in given))))


def _offer(session: Session, usual: Sequence[str], known: Sequence[str]) -> None:
    """Tell what the usual packs are for, and which others there are."""
    session.say("Rule packs:")
    width = max(map(len, usual))
    for name in usual:
        whole = tomllib.loads((rules_dir() / f"{name}.toml").read_text(encoding="utf-8"))
        session.out(line(f"  {name:<{width}}  ", str(whole["pack"]["title"])))
    others = " ".join(one for one in known if one not in usual)
    session.out(line("  and      ", others))
    session.say("Enter takes the first ones, +NAME adds to them, names alone are all there is.")


def _order(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a signal and its providers; raise ValueError for a text that is no such order."""
    signal, equals, providers = text.partition("=")
    if not (signal and equals):
        raise ValueError(f"an order is written vix=cboe,yahoo, was {text[:60]!r}")
    return signal, tuple(one for one in providers.split(",") if one)
