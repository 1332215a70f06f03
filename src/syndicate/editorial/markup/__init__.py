"""Markup: the lines of the article in it, and what its metadata states."""

from syndicate.editorial.markup.page import Page
from syndicate.editorial.markup.parse import parse

__all__ = ["Page", "parse"]
