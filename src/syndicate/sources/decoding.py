"""A file's bytes as text, losing as little as possible."""

from __future__ import annotations

import codecs
import re

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def decode(data: bytes) -> tuple[str, str | None]:
    """Bytes → text with ``\\n`` line ends, and what is doubtful about it or ``None``.

    UTF-8 and, by their mark, UTF-16 are read. Lone surrogates in UTF-8 and
    NULs pass through: the editor's eye filters characters (rule X1), and one
    bad byte must not cost the story.
    """
    text, doubt = _decode(data)
    return text.replace("\r\n", "\n").replace("\r", "\n"), doubt


def _decode(data: bytes) -> tuple[str, str | None]:
    encoding = _UTF16.get(data[:2])
    if encoding:
        return data[2:].decode(encoding, "replace"), None
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8", "surrogatepass"), None
    except UnicodeDecodeError as error:
        where = f"byte {error.start} is not UTF-8; such bytes were replaced"
        return data.decode("utf-8", "replace"), where


def legal(text: str) -> str:
    """Text without the characters that XML 1.0 forbids (rule X1), for metadata."""
    return _NOT_XML.sub("", text)
