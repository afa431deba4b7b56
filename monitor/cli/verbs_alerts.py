"""The verbs about alerts: what was told and why, and what people do not want to be told."""

import argparse
from typing import Final

from monitor.cli.verbs import Verbs, add_config, add_verb

_SILENCE: Final = """\
examples:
  hedgewatch silence pack=lp_range --for 4h --reason "moving the range"
  hedgewatch silence severity=info,warning chain=base --for 2d
  hedgewatch silence scope='1:0x*:4471' --until 2026-12-01T08:00Z

labels: pack rule layer scope chain severity action state; a comma parts
alternatives, * stands for any text. It is for channels to people: the console
and MQTT go on as they were. What still fires at its end is told again.
"""


def add_alerts(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add them all."""
    log = add_verb(verbs, "log", "show the newest alerts, and why any was not told", "faces:log")
    add_config(log)
    log.add_argument("-n", type=int, default=20, metavar="N", help="how many (default: 20)")
    log.add_argument("--why", action="store_true", help="also why each was told where it was")
    outbox = add_verb(
        verbs, "outbox", "show what is undelivered, held or given up, and why", "faces:outbox"
    )
    add_config(outbox)
    outbox.add_argument("--requeue", type=int, metavar="ROW", help="send a dead letter once more")
    why = add_verb(verbs, "why", "show what an alert came of, whom it reached and why", "why:why")
    add_config(why)
    why.add_argument("alert", metavar="ALERT", help="its six characters, such as A17F3C")
    for name, what in (
        ("ack", "stop the reminders and the escalation of a firing alert"),
        ("snooze", "stop the reminders and the escalation of a firing alert for a while"),
    ):
        verb = add_verb(verbs, name, what, f"layer:{name}")
        add_config(verb)
        verb.add_argument("alert", metavar="ALERT", help="its six characters, such as A17F3C")
        if name == "snooze":
            verb.add_argument("span", metavar="SPAN", help="such as 1h or 2d")
    _add_silences(verbs)


def _add_silences(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    silence = add_verb(
        verbs, "silence", "tell people nothing of some alerts for a while", "silence:silence"
    )
    silence.epilog = _SILENCE
    silence.formatter_class = argparse.RawDescriptionHelpFormatter
    add_config(silence)
    silence.add_argument(
        "match", nargs="+", metavar="MATCH", help="which, such as pack=lp_range; all must fit"
    )
    silence.add_argument("--for", dest="span", metavar="SPAN", help="such as 4h or 2d")
    silence.add_argument("--until", metavar="WHEN", help="or its end, as 2026-12-01T08:00Z")
    silence.add_argument("--reason", default="", metavar="TEXT", help="why, for whoever asks")
    add_config(add_verb(verbs, "silences", "show every silence there is", "silence:silences"))
    unsilence = add_verb(
        verbs, "unsilence", "end a silence; what still fires is told again", "silence:unsilence"
    )
    add_config(unsilence)
    unsilence.add_argument("silence", metavar="SILENCE", help="its six characters")
