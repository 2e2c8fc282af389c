"""Prompt templates: parsed, checked and rendered.

Import the modules here where they are first needed: Liquid and JSON Schema take longer to load than all the rest.
"""
