"""Inbound text becomes meaning."""
