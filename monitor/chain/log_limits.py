"""The number of blocks that a node's own words allow a request for logs."""

import re
from typing import Final

_NUMBER: Final = r"(\d[\d,_]*)(\s*k\b)?"
# Each anchored on words that count blocks: a limit on results is worded much the same.
_WORDS: Final = tuple(
    re.compile(words.replace("N", _NUMBER), re.IGNORECASE)
    for words in (
        r"too many blocks.*maximum is set to N",
        r"\brange \d[\d,_]* (?:exceeds|is bigger than) (?:the )?(?:range )?limit (?:of )?N",
        r"limited to (?:a |an )?(?:0 - )?N[ -]?(?:blocks? )?range",
        r"blocks? distance:? N",
        r"blocks? range,? the limit is N",
        r"range limit is N",
        r"max(?:imum)? (?:allowed )?(?:block )?range:? (?:is )?N",
        r"range is too (?:wide|large) \(max(?:imum)? N\)",
        r"block ?range .*narrow your filter: N",
        r"smaller than size N",
        r"up to an? N block range",
        r"ranges? (?:over|of more than|larger than|greater than) N blocks?",
        r"(?:at most|no more than) N blocks?\b",
    )
)
_THOUSAND: Final = 1_000
_MOST: Final = 1_000_000
"""More than any node allows at once: such a number counts something else."""


def stated_blocks(text: str) -> int | None:
    """Return the most blocks a refusal says it allows, None where it does not tell."""
    for words in _WORDS:
        found = words.search(text)
        if found is None:
            continue
        number = int(re.sub(r"[,_]", "", found[1])) * (_THOUSAND if found[2] else 1)
        return number if 0 < number <= _MOST else None
    return None
