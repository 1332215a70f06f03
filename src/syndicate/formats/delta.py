"""A document shortened to what is new or changed since one of its versions (rule H6). Pure.

The trail says what may be left out; what stands around the entries stays, so
what comes out is a document of the same format with the same head.
"""

from __future__ import annotations

from collections.abc import Sequence

from syndicate.model import Part, Trail


def parts_since(trail: Trail, version: int) -> list[Part] | None:
    """The entries that who has ``version`` lacks; ``None`` where none would be spared.

    What came and went in between is unknown then. That the trail knows the
    version is the caller's to see to.
    """
    chosen = [part for part in trail.parts if part.since > version]
    return None if trail.parts and len(chosen) == len(trail.parts) else chosen


def shortened(whole: bytes, parts: Sequence[Part], chosen: Sequence[Part]) -> bytes:
    """The document with the chosen entries alone; what stands between two entries stays between them.

    ``parts``: all of its entries, one at least.
    """
    start = parts[0].offset
    end = parts[-1].offset + parts[-1].length
    between = whole[parts[0].offset + parts[0].length : parts[1].offset] if len(parts) > 1 else b""
    entries = between.join(whole[p.offset : p.offset + p.length] for p in chosen)
    return whole[:start] + entries + whole[end:]
