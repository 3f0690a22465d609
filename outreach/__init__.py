"""Tells families how many school days their child has missed, hears what stands in the way, and gets a person to help."""
