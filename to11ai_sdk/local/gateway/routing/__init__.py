"""Decides which providers and models a call goes to."""

from __future__ import annotations

from .params import applied
from .plan import Attempt, Plan, Retry
from .route_query import RouteQuery
from .router import Router
from .scope import Scope

__all__ = ["Attempt", "Plan", "Retry", "RouteQuery", "Router", "Scope", "applied"]
