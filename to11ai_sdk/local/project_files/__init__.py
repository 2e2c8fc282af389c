"""Keeps a project as files that people review: ``to11ai pull`` and ``to11ai push``."""
