"""Frozen records in the contracts' own vocabulary; no behaviour beyond naming."""
