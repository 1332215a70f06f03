"""A document's bytes in each content coding, with a strong validator for each (rules H1, H2).

Libraries and levels were chosen by measurement: docs/decisions/compression.md.
The same bytes give the same result; the gzip header carries no time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import brotli
import zstandard
from isal import isal_zlib

GZIP_LEVEL = 2
BROTLI_QUALITY = 5
BROTLI_LARGE_QUALITY = 1
LARGE = 1_000_000
"""From so many bytes on, brotli is told to hurry."""
ZSTD_LEVEL = 3
_GZIP_WINDOW = 31


Encoded = tuple[dict[str, bytes], dict[str, str]]
"""Bodies and validators, each by coding."""


def encode(identity: bytes) -> Encoded:
    """``(bodies, etags)`` by coding: ``identity``, ``gzip``, ``br``, ``zstd``.

    An ETag is quoted and strong: it hashes the encoded bytes, so that no two
    codings share one.
    """
    bodies = {"identity": identity, **{coding: compress(identity) for coding, compress in CODINGS.items()}}
    return bodies, {coding: etag(body) for coding, body in bodies.items()}


def encode_many(documents: Sequence[bytes]) -> list[Encoded]:
    """``encode`` of each, side by side: compressing lets other threads run."""
    if len(documents) < 2:
        return [encode(document) for document in documents]
    with ThreadPoolExecutor(min(len(documents), os.cpu_count() or 1), "packing") as pool:
        return list(pool.map(encode, documents))


def etag(body: bytes) -> str:
    """A quoted strong validator of these very bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def gzip_bytes(identity: bytes) -> bytes:
    """One gzip member without time or name."""
    packed: bytes = isal_zlib.compress(identity, GZIP_LEVEL, _GZIP_WINDOW)
    return packed


def brotli_bytes(identity: bytes) -> bytes:
    """Brotli, quicker and a little looser for large documents."""
    quality = BROTLI_LARGE_QUALITY if len(identity) >= LARGE else BROTLI_QUALITY
    packed: bytes = brotli.compress(identity, quality=quality)
    return packed


def zstd_bytes(identity: bytes) -> bytes:
    """Zstandard with the content's size in its frame (RFC 8878)."""
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(identity)


CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip_bytes,
    "br": brotli_bytes,
    "zstd": zstd_bytes,
}
"""Every content coding but ``identity``."""
