"""A rule file with two numbers left open, for sweeps."""

from typing import Final

RULES: Final = """
schema = 1
[pack]
id = "swept"
title = "Swept"
evidence = "claim"
sources = []
[defaults]
repeat = "1d"
expires = "1d"
[[layer]]
id = "L2"
title = "VIX calls"
scope = "book"
instrument = { kind = "vix.call", dte = 110, delta = 0.50 }
size = { policy = "fixed", contracts = $n, over_hedge = true }
  [[layer.rule]]
  id = "L2.add"
  action = "add"
  when = 'vix < $calm'
  clear = 'vix > 30.0'
  cooldown = "5d"
"""
