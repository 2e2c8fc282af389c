"""Turns HTTP requests into calls of the service, and results into envelopes. Contains no rules of the platform."""

from __future__ import annotations
