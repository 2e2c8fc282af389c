"""Prompt templates: parsed, checked and rendered."""
