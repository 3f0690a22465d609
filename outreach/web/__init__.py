"""Thin pages: inbox, delivery, webhooks, sign-in."""
