"""Async iterators of observations, in time order."""
