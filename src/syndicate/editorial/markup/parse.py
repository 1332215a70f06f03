"""Reading markup: it never fails."""

from __future__ import annotations

from syndicate.editorial.markup.around import (
    bylines_outside,
    container_of,
    find_headline,
    find_original,
    first_image,
)
from syndicate.editorial.markup.page import Page
from syndicate.editorial.markup.stated import linked_data, metadata
from syndicate.editorial.markup.tree import tree_of
from syndicate.editorial.markup.walk import Walk


def parse(text: str, base_url: str | None) -> Page:
    """Read markup. It never fails: what cannot be parsed is an empty page."""
    page = Page()
    root = tree_of(text)
    if root is None:
        return page
    metadata(root, page, base_url)
    linked_data(root, page)
    container = container_of(root)
    page.lines = [line for line in Walk(page).lines(container) if line.text]
    bylines_outside(container, page)
    find_headline(root, page)
    find_original(page, base_url)
    page.image = page.image or first_image(container, base_url)
    return page
