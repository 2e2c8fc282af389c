"""Holds the tools for people at a machine: the doctor, tables, completion, comparisons, and taking snapshots."""
