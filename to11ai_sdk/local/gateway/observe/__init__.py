"""Observes calls: guardrails, traces and the cache of replies."""
