"""When markets are open, and when what is listed on them expires."""
