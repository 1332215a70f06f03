"""A newsroom a test, ended with it."""

from newsroom import newsroom, partner  # noqa: F401
