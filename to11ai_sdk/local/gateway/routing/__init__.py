"""Resolution: which providers and models a call goes to."""

from __future__ import annotations

from .calls import GatewayCall
from .params import applied
from .plan import Attempt, Plan, Retry
from .router import Router
from .scope import Scope

__all__ = ["Attempt", "GatewayCall", "Plan", "Retry", "Router", "Scope", "applied"]
