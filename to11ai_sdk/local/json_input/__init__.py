"""Reads untrusted JSON: strictly, within limits, each member by its type."""
