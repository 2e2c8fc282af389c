"""Routing rules: what a snapshot may hold."""
