"""Resolution: which providers and models a call goes to."""

from __future__ import annotations

from .calls import GatewayCall
from .plan import Attempt, Plan, Retry

__all__ = ["Attempt", "GatewayCall", "Plan", "Retry"]
