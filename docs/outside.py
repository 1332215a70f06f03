"""For the site: files outside docs/ that a page names are put into it, and its links lead there."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\]\((?:\.\./)+([^)#\s]+)((?:#[^)\s]*)?)\)")


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """``](../examples/x.py)`` → the same file below ``files/``; a folder → its README."""
    up = "../" * page.file.src_uri.count("/")

    def inside(match: re.Match[str]) -> str:
        path = match[1].rstrip("/")
        if (ROOT / "docs" / path).exists():  # a page in another folder of docs/
            return match[0]
        named = path if (ROOT / path).is_file() else f"{path}/README.md"
        if not (ROOT / named).is_file():
            return match[0]  # the strict build names it
        uri = f"files/{named}.txt"
        if files.get_file_from_path(uri) is None:
            files.append(File.generated(config, uri, content=(ROOT / named).read_bytes()))
        return f"]({up}{uri}{match[2]})"

    return _LINK.sub(inside, markdown)
