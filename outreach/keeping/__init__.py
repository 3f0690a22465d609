"""Keeping a district's data: snapshots, restoring, and what a copy must hear before it may send."""
