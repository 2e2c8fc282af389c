"""HTTP: requests to calls of the service, and what it answers to envelopes. No rule of the platform here."""

from __future__ import annotations
