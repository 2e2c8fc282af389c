"""Clients of the gateway as their users install them, at pinned versions: ``nox -s clients`` installs and runs them.

Nothing here runs unless ``TO11_CLIENTS`` is set; what runs on Node also needs ``TO11_NODE_MODULES``, a folder with
``node_modules`` made of ``package.json``.
"""
