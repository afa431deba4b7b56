"""The read-only status page, its metrics and its health."""
