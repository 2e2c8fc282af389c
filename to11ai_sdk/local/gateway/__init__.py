"""The local gateway: serves model traffic in the formats of the providers' SDKs, answered by a project's providers."""

from __future__ import annotations
