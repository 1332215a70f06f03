"""The outlet's look on our pages: a colour, a font, a logo, a style sheet of its own."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, field_validator

from syndicate.config.part import Part

LOGO_BYTES = 16_000
CSS_BYTES = 32_000
_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
_DATA = re.compile(
    r"""url\(\s*(?:"data:image/[^"]*"|'data:image/[^']*'|data:image/[^)'"\s]*)\s*\)""", re.IGNORECASE
)
# What would fetch from elsewhere.
_REFUSED = (
    (re.compile(r"@import\b", re.IGNORECASE), "it imports another sheet"),
    (re.compile(r"url\(\s*['\"]?(?!\s*(?:data:|#))", re.IGNORECASE), "url(…) leads outside the page"),
    (re.compile(r"(?:image-set|image|src)\(\s*['\"]", re.IGNORECASE), "it names a file outside the page"),
    (re.compile("//"), "it holds an address of the web"),
)


def _colour(value: str) -> str:
    if not re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value):
        raise ValueError(f"{value!r} is no colour; write one like '#0b57a4'")
    digits = value[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))


Colour = Annotated[str, AfterValidator(_colour)]


class Look(Part):
    """How pages look. ``color`` is made lighter or darker where it would be hard to read on.

    ``logo`` and ``css`` are files; both are put into the pages, so that a page asks for nothing else.
    """

    color: Colour = "#9c2321"
    font: Literal["serif", "sans"] = "serif"
    logo: Path | None = None
    css: Path | None = None

    @field_validator("logo")
    @classmethod
    def _a_small_picture(cls, value: Path | None) -> Path | None:
        if value is not None:
            read_logo(value)
        return value

    @field_validator("css")
    @classmethod
    def _a_safe_sheet(cls, value: Path | None) -> Path | None:
        if value is not None:
            read_sheet(value)
        return value

    def logo_file(self) -> tuple[str, bytes] | None:
        """The logo's media type and bytes."""
        return read_logo(self.logo) if self.logo else None

    def sheet(self) -> str:
        """The outlet's own rules, or nothing."""
        return read_sheet(self.css) if self.css else ""

    def digest(self) -> str:
        """Changes with anything that changes the look, the files' content included."""
        known = (self.color, self.font, self.logo_file(), self.sheet())
        return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def read_logo(file: Path) -> tuple[str, bytes]:
    """``("image/png", bytes)``. Raises ValueError for what is no small picture."""
    body = _read(file, LOGO_BYTES)
    for start, kind in _KINDS:
        if body.startswith(start):
            return kind, body
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "image/webp", body
    if re.match(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<svg\b", body, re.DOTALL):
        return "image/svg+xml", body
    raise ValueError(f"{file} is no SVG, PNG, JPEG, WebP or GIF picture")


def read_sheet(file: Path) -> str:
    """A style sheet's text, without comments. Raises ValueError where it could load something."""
    try:
        text = re.sub(r"/\*.*?\*/", "", _read(file, CSS_BYTES).decode(), flags=re.DOTALL)
    except UnicodeDecodeError:
        raise ValueError(f"{file} is no UTF-8 text") from None
    if "<" in text:  # wherever it stands, it could end the element
        raise ValueError(f"{file} cannot be used: it holds '<'")
    without_data = _DATA.sub("url(data:)", text)
    for pattern, words in _REFUSED:
        if pattern.search(without_data):
            raise ValueError(f"{file} cannot be used: {words}")
    return text.strip()


def _read(file: Path, limit: int) -> bytes:
    try:
        body = file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    if len(body) > limit:
        raise ValueError(f"{file} holds {len(body)} bytes; every page carries it, so at most {limit}")
    return body
