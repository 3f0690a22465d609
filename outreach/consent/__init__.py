"""Who may be told what on which number."""
