"""What `config.toml` says about chains, what to watch there, and entries given by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from eth_utils.address import is_address, is_checksum_address, to_checksum_address
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

from monitor.logs import Secret, read_secret, refers
from monitor.model.position import position_key

_STRICT: Final = ConfigDict(extra="forbid")
_MOST_ID: Final = 2**256 - 1
_NO_ID: Final = "token ids are whole numbers from 0 to 2^256 − 1"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
UNISWAP_V3: Final = "uniswap_v3"
UNISWAP_V4: Final = "uniswap_v4"
Protocol: TypeAlias = Literal["uniswap_v3", "pancakeswap_v3", "slipstream", "uniswap_v4"]
ENUMERABLE: Final[tuple[Protocol, ...]] = ("uniswap_v3", "pancakeswap_v3", "slipstream")
"""Protocols whose manager tells what a wallet holds."""

MOST_WAIT_S: Final = 240
"""Between polls, or for a second endpoint: a minute is left for the answers to come in."""

_BLIND_S: Final = 300  # as the rules have it
_BLIND: Final = "a chain that shows no block for 5 minutes counts as blind"

QUOTES: Final = ("USDC", "USDT", "DAI", "USDC.e", "USDbC", "USDT0", "WETH")


def checked_address(text: str) -> str:
    """Return the address in EIP-55 form; raise ValueError where its checksum is wrong.

    All lower case carries no checksum and is taken as it is.
    """
    if not is_address(text):
        raise ValueError("an address is 0x and 40 hexadecimal digits")
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and not is_checksum_address(text):
        raise ValueError("the address fails its EIP-55 checksum: a digit is mistyped")
    return to_checksum_address(text)


def checked_position(text: str) -> str:
    """Return `chainId:manager:tokenId` with the manager in EIP-55 form."""
    chain_id, _, rest = text.partition(":")
    manager, _, token_id = rest.partition(":")
    if not (_digits(chain_id) and _digits(token_id.removeprefix("-"))):
        raise ValueError("a position is written chainId:manager:tokenId")
    return position_key(int(chain_id), checked_address(manager), token_id_of(token_id))


def token_id_of(text: str) -> int:
    """Return the token id a text of digits means; raise ValueError where no token can bear it."""
    if not _digits(text) or len(text.lstrip("0")) > len(str(_MOST_ID)):
        raise ValueError(_NO_ID)
    return checked_token_id(int(text))


def checked_token_id(number: int) -> int:
    """Return a token id; raise ValueError for one that no token can bear: no ABI encodes it."""
    if not 0 <= number <= _MOST_ID:
        raise ValueError(_NO_ID)
    return number


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def rpc_url(reference: str) -> Secret:
    """Return the URL a reference leads to, or a literal loopback URL.

    Raises ValueError in a sentence that never holds the URL.
    """
    if "://" in reference and not refers(reference):
        _check_literal(reference)
        return Secret(reference, "config")
    secret = read_secret(reference)
    parts = urlsplit(secret.reveal())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{reference} does not hold an http:// or https:// URL")
    return secret


def on_loopback(secret: Secret) -> bool:
    """Return whether a URL leads to this very machine."""
    return urlsplit(secret.reveal()).hostname in _LOOPBACK


def _check_literal(url: str) -> None:
    try:
        parts = urlsplit(url)
        plain = parts.hostname in _LOOPBACK and parts.port != 0
    except ValueError:
        plain = False
    if not plain or parts.scheme not in ("http", "https"):
        raise ValueError('only a loopback URL may stand here: keep others in "env:NAME"')
    if parts.username or parts.password or parts.query or parts.path.strip("/"):
        raise ValueError('a URL with a user, a path or a query may hold a key: use "env:NAME"')


def _checked_rpc(references: tuple[str, ...]) -> tuple[str, ...]:
    # Checked as a whole, so that a refusal quotes the list's place and not a key in it.
    if not references:
        raise ValueError('needs at least one endpoint, like "env:ETH_RPC_URL"')
    for number, reference in enumerate(references):
        rest = reference.partition(":")[2]
        if refers(reference) and rest:
            continue
        try:
            _check_literal(reference)
        except ValueError as error:
            raise ValueError(f"entry {number}: {error}") from None
    if len(set(references)) != len(references):
        raise ValueError("the same endpoint stands there twice")
    return references


def _checked_quotes(quotes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(checked_address(one) if one.startswith("0x") else one for one in quotes)


def _whole_tokens(given: Any) -> Decimal:  # noqa: ANN401 - whatever the file holds
    if isinstance(given, Decimal):
        return given
    if not isinstance(given, str):
        raise ValueError('whole tokens, written as a string like "1.5"')  # noqa: TRY004
    try:
        amount = Decimal(given)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ValueError('whole tokens, written as a string like "1.5", zero or more')
    return amount


def _checked_wait(seconds: float) -> float:
    if seconds > MOST_WAIT_S:
        raise ValueError(f"must be at most {MOST_WAIT_S}: {_BLIND}")
    return seconds


Address = Annotated[str, AfterValidator(checked_address)]
TokenId = Annotated[int, Field(strict=True), AfterValidator(checked_token_id)]
Wait = Annotated[float, Field(strict=True), AfterValidator(_checked_wait)]
Tokens = Annotated[Decimal, BeforeValidator(_whole_tokens)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSettings:
    """One `[chain.NAME]`.

    rpc: endpoints in order of preference. poll_s: seconds between polls. behind:
    blocks behind the head. chain_id, manager, multicall: taken from the registry
    for a chain it knows. managers: position managers by protocol, which win over the
    registry's; `manager` is short for that of uniswap_v3. state_view: the contract
    through which Uniswap v4 is read. start_block: where events
    of the watched positions begin. log_range: most blocks a node is asked for at
    once; None asks for all first. final_after: blocks after which one counts as final
    where the node does not tell; None for what is usual on the chain.
    quote: symbols or addresses of tokens people count in, the preferred first.
    rps, burst, at_once: requests a second, together after a rest, and in flight, each
    endpoint by itself; without rps, ten and twenty, but a loopback node has no limit.
    lag_s: how much older than another's an endpoint's head may be. stall_s: how long no
    newer block may come before that is told. agree: a snapshot that a critical alert
    would rest on must be the same at a second endpoint; agree_grace_s: how long such
    an alert is held back where it is not, or cannot be seen to be.
    """

    __pydantic_config__: ClassVar = _STRICT

    rpc: Annotated[tuple[str, ...], AfterValidator(_checked_rpc)]
    poll_s: Annotated[Wait, Field(ge=0.02)] = 12.0
    behind: Annotated[int, Field(strict=True, ge=0, le=1000)] = 1
    timeout_s: Annotated[float, Field(strict=True, gt=0, le=120)] = 10.0
    chain_id: Annotated[int, Field(strict=True, gt=0)] | None = None
    manager: Address | None = None
    managers: Mapping[Protocol, Address] = field(default_factory=dict)
    multicall: Address | None = None
    state_view: Address | None = None
    start_block: Annotated[int, Field(strict=True, ge=0)] | None = None
    log_range: Annotated[int, Field(strict=True, ge=50)] | None = None
    final_after: Annotated[int, Field(strict=True, gt=0)] | None = None
    quote: Annotated[tuple[str, ...], AfterValidator(_checked_quotes)] = QUOTES
    rps: Annotated[float, Field(strict=True, gt=0, le=10_000)] | None = None
    burst: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    at_once: Annotated[int, Field(strict=True, ge=1, le=64)] = 4
    lag_s: Annotated[float, Field(strict=True, ge=1, le=86_400)] = 60.0
    stall_s: Annotated[float, Field(strict=True, ge=1, le=86_400)] = 120.0
    agree: bool = False
    agree_grace_s: Annotated[Wait, Field(ge=0)] = 60.0

    def __post_init__(self) -> None:
        if self.agree and len(self.rpc) == 1:
            raise ValueError("agree = true needs a second endpoint in rpc")
        if self.agree and 2 * self.poll_s + self.agree_grace_s > _BLIND_S:
            raise ValueError(
                f"with agree, 2 × poll_s + agree_grace_s must be at most {_BLIND_S}: {_BLIND}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """One `[[watch]]`: exactly one of a wallet, some position ids, or a pool.

    ignore: token ids of the wallet to pass over, such as what strangers sent to it.
    protocol: whose position manager the ids are of. stakers: contracts it may be staked
    in, beside those known: PancakeSwap's MasterChefV3, gauges of Slipstream pools.
    """

    __pydantic_config__: ClassVar = _STRICT

    chain: str
    protocol: Protocol = UNISWAP_V3
    wallet: Address | None = None
    nft: tuple[TokenId, ...] = ()
    pool: Address | None = None
    ignore: tuple[TokenId, ...] = ()
    stakers: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        if self.stakers and self.protocol == UNISWAP_V3:
            raise ValueError("stakers goes with a protocol whose staking is understood")
        if len(set(self.nft)) != len(self.nft):
            raise ValueError("the same nft stands there twice")
        if self.ignore and not self.wallet:
            raise ValueError("ignore goes with wallet: ids you name yourself need none")
        if self.protocol == UNISWAP_V4 and not self.nft:
            raise ValueError("nobody lists what a wallet or a pool of uniswap_v4 holds: give nft")
        given = [name for name in ("wallet", "nft", "pool") if getattr(self, name)]
        if len(given) != 1:
            was = " and ".join(given) or "none"
            raise ValueError(f"needs exactly one of wallet, nft and pool, was {was}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySettings:
    """One `[[entry]]`: what was put into a position, where the node cannot tell.

    position: `chainId:manager:tokenId`. amount0, amount1: whole tokens deposited
    and still in. liquidity: the position's own when they were; where the chain
    says another, the entry no longer holds and is not used.
    """

    __pydantic_config__: ClassVar = _STRICT

    position: Annotated[str, AfterValidator(checked_position)]
    amount0: Tokens
    amount1: Tokens
    at: AwareDatetime | None = None
    liquidity: Annotated[int, Field(strict=True, ge=0)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """One `[[link]]`: positions of which each continues the one before, the oldest first."""

    __pydantic_config__: ClassVar = _STRICT

    positions: Annotated[
        tuple[Annotated[str, AfterValidator(checked_position)], ...], Field(min_length=2)
    ]

    def __post_init__(self) -> None:
        if len(set(self.positions)) != len(self.positions):
            raise ValueError("the same position stands there twice")
        if len({one.rpartition(":")[0] for one in self.positions}) != 1:
            raise ValueError("its positions must be of one chain and one manager")
