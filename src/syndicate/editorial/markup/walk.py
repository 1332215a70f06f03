"""The lines of a container, in order, without what belongs to the page."""

from __future__ import annotations

import html as html_entities
import re
from collections.abc import Iterator
from typing import Any

import lxml.etree

from syndicate.editorial.markup.page import Page
from syndicate.editorial.markup.roles import BLOCK, DROP, SKIP, role_of
from syndicate.editorial.markup.tree import text_of
from syndicate.editorial.work import Line

_LONE_LABEL = re.compile(r"(?:by|por|par|von|di|door|av|af|oleh|written by|text)\s*:?$", re.IGNORECASE)
"""What is left of a byline whose name has an element of its own."""


class Walk:
    """Collects the lines of a container, in order, without what belongs to the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._paragraph = 0
        self._inline: list[str] = []

    def lines(self, container: Any) -> Iterator[Line]:
        yield from self._block(container, "", 0, top=True)

    def _block(self, element: Any, role: str, depth: int, *, top: bool = False) -> Iterator[Line]:
        if not isinstance(element.tag, str) or depth > 200:
            return
        if not top and self._dropped(element):
            return
        role = role or role_of(element)
        if not self._holds_blocks(element):
            yield from self._leaf(element, role)
            return
        run = [html_entities.escape(element.text or "", quote=False)]
        for child in element:
            if isinstance(child.tag, str) and (
                child.tag in BLOCK
                or child.tag in SKIP
                or role_of(child)
                or self._holds_blocks(child)
                or self._dropped(child)
            ):
                yield from self._run(run, role)
                run = []
                if child.tag not in SKIP:
                    yield from self._block(child, role, depth + 1)
                run.append(html_entities.escape(child.tail or "", quote=False))
            else:
                run.append(lxml.etree.tostring(child, encoding="unicode", method="html"))
        yield from self._run(run, role)

    def _holds_blocks(self, element: Any) -> bool:
        return next(element.iterdescendants(*BLOCK), None) is not None or any(
            role_of(c)
            for c in element
            if isinstance(c.tag, str) and c.tag in ("span", "a", "em", "i", "small", "cite")
        )

    def _dropped(self, element: Any) -> bool:
        if element.tag in SKIP:
            return True
        if element.tag in ("html", "body", "main", "article", "p", "h1") or not (
            element.get("class") or element.get("id")
        ):
            return False
        marks = f"{element.get('class') or ''} {element.get('id') or ''}"
        if not DROP.search(marks):
            return False
        return (
            element.find(".//article") is None
            and element.find(".//h1") is None
            and len(element.findall("p")) < 5
        )

    def _leaf(self, element: Any, role: str) -> Iterator[Line]:
        if role == "byline":
            whole = " ".join(text_of(element).split())
            if re.match(r"(?i)(?:by|von|par|por|di|written by)\s", whole) and len(whole) < 160:
                yield self._line(whole, role, element.tag, "")
                return
            text = " | ".join(
                t for t in (" ".join(t.split()) for t in element.itertext()) if t and t not in "|,"
            )
            yield self._line(
                text if len(element) > 1 else " ".join(text_of(element).split()), role, element.tag, ""
            )
            return
        if element.tag == "table" or not len(element):
            inner = (
                html_entities.escape(element.text or "", quote=False)
                if element.tag != "table"
                else lxml.etree.tostring(element, encoding="unicode", method="html", with_tail=False)
            )
        else:
            inner = html_entities.escape(element.text or "", quote=False) + "".join(
                lxml.etree.tostring(c, encoding="unicode", method="html") for c in element
            )
        yield from self._run([inner], role, element.tag)

    def _run(self, run: list[str], role: str, tag: str = "p") -> Iterator[Line]:
        markup = "".join(run)
        if not markup.strip():
            return
        for part in re.split(r"<br\b[^<>]*>", markup) if "<br" in markup else [markup]:
            text = " ".join(html_entities.unescape(re.sub(r"<[^<>]*>", "", part)).split())
            if text and not (role == "" and _LONE_LABEL.match(text)):
                yield self._line(text, role, tag, part.strip())

    def _line(self, text: str, role: str, tag: str, markup: str) -> Line:
        self._paragraph += 1
        return Line(text, self._paragraph, role, tag, markup)
