"""The protocol every feed format keeps, and how fragments become a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from syndicate.model import Channel, Entry, Finding


class Format(Protocol):
    """One feed format. Pure: the same entry and channel give the same bytes (rule X3).

    ``name`` is the word in settings (``rss``), ``file`` the document's name
    (``rss.xml``), ``media_type`` the Content-Type it is served with, and
    ``version`` the renderer's version, raised whenever its output changes.
    """

    name: str
    file: str
    media_type: str
    version: int

    def fragment(self, entry: Entry) -> bytes:
        """One entry's bytes, as they will stand in any document of this format.

        Raises StoryError where the entry cannot be rendered.
        """
        ...

    def notice(self, entry: Entry) -> bytes:
        """What stands in an archive in place of a withdrawn entry; empty where the format has no word."""
        ...

    def assemble(self, channel: Channel, fragments: Sequence[bytes], notices: Sequence[bytes] = ()) -> bytes:
        """Header, the fragments newest first, ``notices``, footer: a whole document."""
        ...

    def check(self, document: bytes) -> list[Finding]:
        """What is wrong with a document of this format; an ``error`` keeps it unpublished."""
        ...
