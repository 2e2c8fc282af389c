"""The configuration of the gateway and its providers."""
