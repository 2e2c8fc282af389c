"""Prompt templates: parsed, checked and rendered.

Import the modules here where they are first needed: Liquid and JSON Schema take longer to load than all the rest.
"""

DEVELOPER_ROLES = ("user", "developer", "system")
"""What the role ``developer`` of a template can be rendered as."""
