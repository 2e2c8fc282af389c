"""Declares the API: each row of ``table.ENDPOINTS`` is a typed method with an empty body."""
