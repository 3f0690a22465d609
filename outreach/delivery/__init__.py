"""The outbox: claim, re-check, send, receipts, reconcile."""
