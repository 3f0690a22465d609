"""What the attendance tests share: a naive second counter, generated districts, and feeds written to folders."""
