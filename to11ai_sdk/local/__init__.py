"""The to11 platform on your machine: for development, tests and demos, not for production."""
