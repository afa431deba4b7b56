"""Hedge layers: legs, prices, tickets, and where a layer stands."""
