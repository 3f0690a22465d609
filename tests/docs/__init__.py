"""What the documentation says holds: its links lead somewhere, its commands exist, its pictures are of today."""
