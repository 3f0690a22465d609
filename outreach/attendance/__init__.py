"""Feeds become marks become exact counts."""
