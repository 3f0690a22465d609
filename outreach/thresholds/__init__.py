"""Rules turn counts into crossings."""
