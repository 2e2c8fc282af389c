"""The client beside the tools of its users: each test runs the real tool, and is skipped where that is not installed.

``nox -s neighbours`` installs them all.
"""
