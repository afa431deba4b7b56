"""A local chain with the real contracts, and the story told on it."""
