"""The things a person must see."""
