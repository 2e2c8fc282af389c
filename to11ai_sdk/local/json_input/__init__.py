"""Reads JSON from outside: strictly, within bounds, each member by its type."""
