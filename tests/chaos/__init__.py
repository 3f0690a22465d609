"""Senders are killed while the carrier misbehaves and the facts keep changing; the carrier's own log is the judge."""
