"""Serves the inspector, the page of a local to11 that shows its owner what is in it and what happens."""
