"""Article pages of eleven systems in four languages, read by us and by another reader of pages.

    python benchmarks/pages.py

A body is whole where the story's beginning and end are in it, and clean where it also begins and ends with
them (a headline in front is no fault) and holds nothing of the page around it. A reader that is not
installed is named and left out; it is no dependency.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "sources"))

from page_forms import FORMS, Form

URL = "https://valley.example/2026/03/bridge-at-shinkay"
Reader = Callable[[str], tuple[str | None, str]]


def ours() -> Reader:
    """A page source's own way: the page slimmed, then read by the editor's eye."""
    from syndicate.editorial import Directory, read
    from syndicate.sources.page_draft import Terms, make_draft
    from syndicate.sources.page_story import read_page

    directory = Directory.build({})
    terms = Terms(source="b", language=None, main_language="en", keep_ids=False, paid="full")

    def reader(markup: str) -> tuple[str | None, str]:
        page = read_page(markup, URL, ZoneInfo("UTC"))
        reading = read(make_draft(page, URL, terms, None, known_as=None), directory)
        return reading.headline, reading.body

    return reader


def trafilatura() -> Reader:
    """trafilatura with its defaults, without comments."""
    module = import_module("trafilatura")

    def reader(markup: str) -> tuple[str | None, str]:
        found = module.bare_extraction(markup, url=URL, include_comments=False, with_metadata=True)
        return (found.title, found.text or "") if found else (None, "")

    return reader


def readers() -> Iterator[tuple[str, Reader]]:
    """All that can be loaded."""
    for make in (ours, trafilatura):
        try:
            yield make.__name__, make()
        except ImportError:
            print(f"{make.__name__}: not installed, left out")


def fold(text: str | None) -> str:
    """Without regard to white space."""
    return " ".join((text or "").split())


def judged(form: Form, headline: str | None, body: str) -> tuple[bool, bool, bool]:
    """Whether headline, body and cleanness are right."""
    text = fold(body).removeprefix(form.headline).strip()
    whole = fold(form.first) in text and fold(form.last) in text
    ends = text.startswith(fold(form.first)[:40]) and text.endswith(fold(form.last)[-40:])
    return fold(headline) == form.headline, whole, whole and ends and not any(w in text for w in form.gone)


def main() -> None:
    """Print one row a reader, and which pages it did not read whole."""
    for name, reader in readers():
        begun = time.perf_counter()
        rows = {form: judged(FORMS[form], *reader(FORMS[form].markup)) for form in FORMS}
        spent = (time.perf_counter() - begun) * 1000 / len(FORMS)
        counts = [sum(row[n] for row in rows.values()) for n in range(3)]
        print(f"{name}: headline {counts[0]}, whole {counts[1]}, whole and clean {counts[2]} of {len(FORMS)};"
              f" {spent:.1f} ms a page")  # fmt: skip
        print("   not whole:", ", ".join(form for form, row in rows.items() if not row[1]) or "none")


if __name__ == "__main__":
    main()
