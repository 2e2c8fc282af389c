"""The local gateway: model traffic in the formats of the providers' own SDKs, answered by the project's providers."""

from __future__ import annotations
