"""Crossings become one planned message per household and channel, or a skip with its reason."""
