"""Passes a provider's reply on to the caller."""
