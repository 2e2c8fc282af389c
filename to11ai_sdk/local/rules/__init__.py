"""Checks routing rules: the content that a snapshot may have."""
