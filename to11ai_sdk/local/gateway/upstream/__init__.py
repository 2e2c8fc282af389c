"""Talks to a provider: the request for it, its credentials, and what answers."""
