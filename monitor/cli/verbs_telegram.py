"""The verbs about Telegram, and their arguments."""

import argparse

from monitor.cli.verbs import Verbs, add_config, add_group, add_verb

_EXAMPLE = """\
example:
  export TELEGRAM_TOKEN=…              the one @BotFather gave you
  hedgewatch telegram pair             then send the code to the bot
"""


def add_telegram(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add `telegram pair`."""
    what = add_group(verbs, "telegram", "say who may talk to the bot")
    pair = add_verb(
        what,
        "pair",
        "find out your user and chat id: shows a code that you send to the bot",
        "telegram_pair:show",
    )
    pair.epilog = _EXAMPLE
    pair.formatter_class = argparse.RawDescriptionHelpFormatter
    add_config(pair)
    pair.add_argument(
        "--token",
        metavar="REF",
        help="where the token is, env:NAME or file:/path (default: as in the config, "
        "else env:TELEGRAM_TOKEN)",
    )
