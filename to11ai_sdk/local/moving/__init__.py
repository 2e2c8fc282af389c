"""Moves a project between stores by a file."""
