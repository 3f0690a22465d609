"""Families' rights over what is held: a child's whole record, who was given it, and what is redacted, deleted or kept."""
