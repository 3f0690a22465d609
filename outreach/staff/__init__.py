"""Accounts, roles, school scopes, audit trail."""
