"""Market numbers from outside, one file a provider."""
