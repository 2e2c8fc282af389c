"""Runs a local to11 in processes: one that ends gently, or several workers that a supervisor starts again."""
