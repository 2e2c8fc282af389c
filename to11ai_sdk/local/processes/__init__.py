"""Runs a local to11 in one process, or in several workers that a supervisor replaces when they end."""
