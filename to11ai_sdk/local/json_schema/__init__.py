"""Checks untrusted values against untrusted JSON Schemas (2020-12): each check ends after a counted amount of work.

The libraries of Python for it do not end by themselves: ``jsonschema`` compares items pairwise, tries patterns by
backtracking, gathers all errors of all alternatives, and writes the whole value into each; ``jsonschema-rs`` holds the
interpreter's lock while it runs. Neither can be stopped. This package agrees with ``jsonschema``, except that
``multipleOf`` calculates with decimals; the tests compare them.
"""
