"""Reads the configuration of the gateway and its providers."""
