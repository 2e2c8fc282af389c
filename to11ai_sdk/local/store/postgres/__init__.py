"""Stores the state of a local to11 in a PostgreSQL database; imported only for a URL of one."""
