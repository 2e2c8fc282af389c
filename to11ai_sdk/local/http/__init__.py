"""HTTP: turns requests into calls of the service, and results into envelopes. No rule of the platform here."""

from __future__ import annotations
