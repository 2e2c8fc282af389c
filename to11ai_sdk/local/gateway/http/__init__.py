"""HTTP: requests to calls of the gateway, and what it answers to replies. No rule of the gateway here."""

from __future__ import annotations
