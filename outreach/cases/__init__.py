"""Cases, routing, answers, follow-ups."""
