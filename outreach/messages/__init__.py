"""Template, facts and language become a text or a letter; segments, checks, review."""
