"""An agency's wire: files of ninjs, NewsML-G2 or NITF in a folder."""

from __future__ import annotations

from typing import ClassVar, Literal

from syndicate.config import SourceOptions
from syndicate.sources.folder import FileOptions, FolderSource
from syndicate.sources.folder_intake import Read
from syndicate.sources.folder_ledger import Ledger
from syndicate.sources.folder_scan import Seen
from syndicate.sources.wire_file import JSON_SUFFIXES, XML_SUFFIXES, read_wire
from syndicate.sources.wire_intake import WireIntake, WireTerms


class WireOptions(FileOptions):
    """What a wire has beside a folder's keys.

    ``address``: whether the address in an item is the agency's own story
    (``original``: ours gets a page here), or the story's own (``own``).
    """

    address: Literal["original", "own"] = "original"


class NinjsOptions(WireOptions):
    """A wire in ninjs 1 to 3: ``.json``, ``.ninjs``."""

    suffixes: ClassVar[frozenset[str]] = JSON_SUFFIXES
    type: Literal["ninjs"]


class NewsmlOptions(WireOptions):
    """A wire in NewsML-G2 or NITF: ``.xml``, ``.nitf``, ``.newsml``, ``.g2``."""

    suffixes: ClassVar[frozenset[str]] = XML_SUFFIXES
    type: Literal["newsml"]


class WireSource(FolderSource):
    """A folder whose files hold versions of items. Settling and vanishing are the folder's."""

    options: ClassVar[type[SourceOptions]] = NinjsOptions
    _options: WireOptions

    def _intake(self, ledger: Ledger) -> WireIntake:
        terms = WireTerms(folder=self._terms(), original=self._options.address == "original")
        return WireIntake(terms, ledger, self._clock())

    def _parse(self, seen: Seen, data: bytes) -> Read:
        return Read(seen=seen, wire=read_wire(seen.key, data, self._zone))


class NewsmlSource(WireSource):
    """The same for XML."""

    options: ClassVar[type[SourceOptions]] = NewsmlOptions
