"""Alerts: what is told, why, and how it reads."""
