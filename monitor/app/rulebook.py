"""From settings and rule files to what the road judges by."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from monitor.chain.market import market_name, sources_on
from monitor.chain.registry import chain_id_of
from monitor.config import RulesSettings, Settings
from monitor.errors import ConfigError, Fault
from monitor.feeds.provider import providers
from monitor.feeds.settings import feed_order, keys_in, needed, priced_by
from monitor.hedge.cost_of_money import ADJUSTMENTS
from monitor.hedge.layer import withdraw
from monitor.model.reading import Reading
from monitor.pipeline import Rulebook, State, in_precedence
from monitor.rules.desk import orphan_rules
from monitor.rules.durations import parse_duration
from monitor.rules.lifecycle import Instance
from monitor.rules.lint import reachable
from monitor.rules.loader import read_packs, seek_packs
from monitor.rules.pack import Pack, Rule
from monitor.shipped import rules_dir
from monitor.signals.absorb import Lens
from monitor.signals.catalogue import BY_NAME, SIGNALS, Scope
from monitor.signals.covered import ADJUSTED_BY
from monitor.signals.facts import Facts, SourceSeen
from monitor.signals.take_past import warmed
from monitor.signals.windows import span


def load_enabled(settings: Settings) -> tuple[Pack, ...]:
    """Return the enabled packs; raise ConfigError with every fault in them at once."""
    packs, faults = read_enabled(settings.rules, settings.channel.names())
    if faults:
        raise ConfigError(faults)
    return packs


def read_enabled(
    rules: RulesSettings, channels: Collection[str]
) -> tuple[tuple[Pack, ...], list[Fault]]:
    """Return the enabled packs that are sound, and every fault of the others."""
    folder = Path(rules.folder) if rules.folder else rules_dir()
    paths, absent = seek_packs(folder, rules.enabled)
    packs, faulty = read_packs(paths, complete=not absent)
    return packs, [*absent, *faulty, *reachable(packs, channels)]


def rulebook(settings: Settings, packs: Sequence[Pack]) -> Rulebook:
    """Return what the road judges by."""
    layers = [layer for pack in packs for layer in pack.layers]
    rules = (*(rule for pack in packs for rule in pack.rules), *orphan_rules(layers))
    return Rulebook(
        packs=tuple(packs),
        rules=in_precedence(rules),
        lens=Lens(
            pegged=frozenset(settings.usd.pegged),
            windows=_windows(rules),
            chains=frozenset(settings.chain),
            feeds=_fed(polled(settings, packs)),
        ),
        max_gap=parse_duration(settings.rules.max_gap),
    )


def polled(settings: Settings, packs: Iterable[Pack]) -> dict[str, tuple[str, ...]]:
    """Return the providers of each signal to read, in order: what these packs ask for.

    And what `[feeds]` names, and what was typed, and what tickets of their layers are
    priced and sized by.
    """
    names = _asked_for(packs)
    return {**_feeds(settings, names, keys_in(settings.feed)), **_markets(settings, names)}


def unkeyed(settings: Settings, packs: Iterable[Pack]) -> frozenset[str]:
    """Return the signals that these packs ask for and nobody gives without an API key."""
    names = _asked_for(packs)
    known = _feeds(settings, names, keys_in(settings.feed))
    return frozenset(_feeds(settings, names, providers()).keys() - known.keys())


def _asked_for(packs: Iterable[Pack]) -> set[str]:
    """Return the names that rules say, and what their layers are priced and sized by."""
    packs = tuple(packs)
    rules = [rule for pack in packs for rule in pack.rules]
    spoken = [part for one in rules for part in (one.when, one.clear, one.title, one.text) if part]
    names = {name for part in spoken for name in part.names}
    made = [layer for pack in packs for layer in pack.layers]
    names |= {name for one in made for name in priced_by(one.instrument.kind)}
    factors = {by for one in made for by in ADJUSTMENTS.get(one.size.adjust, ())}
    return names | {ADJUSTED_BY[by] for by in factors}


def _feeds(
    settings: Settings, names: Iterable[str], keys: Collection[str]
) -> dict[str, tuple[str, ...]]:
    manual = settings.feed.get("manual")
    return feed_order(settings.feeds, names, manual.values if manual else (), keys=keys)


def _markets(settings: Settings, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what to ask of the market of each chain that has any of what these names rest on."""
    asked = {one for name in needed(names) for one in BY_NAME[name].providers}
    found = {}
    for name, given in settings.chain.items():
        known = sources_on(chain_id_of(name, given), settings.usd)
        if sources := tuple(one for one in known if one in asked):
            found[market_name(name)] = sources
    return found


def _fed(order: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the names of what is polled, and of the signals that chains' markets give."""
    sources = {one for name, asked in order.items() if name not in BY_NAME for one in asked}
    families = (one.name for one in SIGNALS if sources.intersection(one.providers))
    return frozenset((*order, *families))


def retired(book: Rulebook, state: State) -> tuple[State, tuple[str, ...]]:
    """Return the state without what rules that are gone had begun, and the ids of those rules.

    Their episodes stay counted, so that a rule that comes back names its next one anew.
    """
    kinds = {rule.id: rule.scope for rule in book.rules}
    instances, gone = dict(state.instances), dict[str, None]()
    for key, old in state.instances.items():
        rest = Instance(
            rule=old.rule, scope=old.scope, seq=old.seq, begun=old.begun, clouded=old.clouded
        )
        if kinds.get(old.rule) is not _kind(old.scope) and old != rest:
            instances[key] = rest
            gone[old.rule] = None
    layers = dict(state.layers)
    for key, layer in state.layers.items():
        asked = layer.proposal
        if asked is not None and kinds.get(asked.rule) is not _kind(layer.scope):
            layers[key] = withdraw(layer, asked.rule)
    facts = _configured(state.facts, book.lens)
    if state.at is not None:
        facts = warmed(facts, _of_bars(book.lens.windows), state.at)
    return replace(state, facts=facts, instances=instances, layers=layers), tuple(gone)


def _kind(scope: str) -> Scope:
    """Return what kind of scope a key is of: a position's has two colons, a pool's one."""
    return (Scope.BOOK, Scope.POOL, Scope.POSITION)[scope.count(":")]


def _configured(facts: Facts, lens: Lens) -> Facts:
    """Return the facts of configured chains and feeds alone; a chain not read yet is named so.

    What nobody feeds any more would only grow old, and alarm for ever; samples that no
    window looks back on are of no use, and bars fill one that comes anew.
    """
    chains = {name: facts.chains.get(name, SourceSeen(name=name)) for name in sorted(lens.chains)}
    fed = {*lens.feeds, *(name for name in BY_NAME if name.startswith("system."))}
    return replace(
        facts,
        chains=chains if chains != facts.chains else facts.chains,
        pools={k: v for k, v in facts.pools.items() if v.chain in lens.chains},
        positions={k: v for k, v in facts.positions.items() if v.chain in lens.chains},
        feeds={k: v for k, v in facts.feeds.items() if k in lens.feeds or k == "self"},
        readings={
            k: v for k, v in facts.readings.items() if v.name in fed and not _elsewhere(v, lens)
        },
        series={k: v for k, v in facts.series.items() if k.partition("|")[0] in lens.windows},
        reels={k: v for k, v in facts.reels.items() if k.partition("|")[0] in lens.windows},
    )


def _elsewhere(reading: Reading, lens: Lens) -> bool:
    """Return whether a reading was taken on a chain that is no longer configured."""
    chain, colon, _ = reading.key.partition(":")
    return bool(colon) and chain not in lens.chains


def _of_bars(windows: Mapping[str, timedelta]) -> dict[str, timedelta]:
    """Return the windows over the market's numbers, which bars can fill."""
    return {k: v for k, v in windows.items() if BY_NAME[k].scope is Scope.MARKET}


def _windows(rules: Iterable[Rule]) -> dict[str, timedelta]:
    """Return, for each name some rule takes a window of, how long its samples are kept."""
    kept: dict[str, timedelta] = {}
    for rule in rules:
        for expression in (rule.when, rule.clear):
            for _, name, argument in expression.windows if expression else ():
                hours = BY_NAME[name].hours
                reach = span(argument).reach(hours) if isinstance(argument, str) else timedelta(0)
                kept[name] = max(kept.get(name, timedelta(0)), reach)
    return kept
