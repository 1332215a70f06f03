"""An agency's wire: files of ninjs, NewsML-G2 or NITF in a folder."""

from __future__ import annotations

from typing import ClassVar

from syndicate.config import SourceOptions
from syndicate.sources.folder import FolderSource
from syndicate.sources.folder_intake import Read
from syndicate.sources.folder_ledger import Ledger
from syndicate.sources.folder_scan import Seen
from syndicate.sources.options import NewsmlOptions, NinjsOptions, WireOptions
from syndicate.sources.wire_file import read_wire
from syndicate.sources.wire_intake import WireIntake, WireTerms


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
