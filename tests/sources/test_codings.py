"""Packed answers are unpacked, up to a size."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard

from syndicate.sources.codings import CodingError, TooLargeError, decoded

TEXT = ("خبر " * 3000).encode()


def bare(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKED = [
    ("gzip", gzip.compress(TEXT, mtime=0)),
    ("x-gzip", gzip.compress(TEXT, mtime=0)),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", bare(TEXT)),
    ("br", brotli.compress(TEXT)),
    ("zstd", zstandard.compress(TEXT)),
    ("gzip, BR", brotli.compress(gzip.compress(TEXT, mtime=0))),
    ("identity", TEXT),
    ("", TEXT),
]


@pytest.mark.parametrize(("coding", "body"), PACKED)
def test_every_coding_is_undone(coding: str, body: bytes) -> None:
    assert decoded(body, coding, 1_000_000) == TEXT


def test_several_members_are_one_text() -> None:
    assert decoded(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0", "gzip", 100) == b"one two"
    assert decoded(zstandard.compress(b"one ") + zstandard.compress(b"two"), "zstd", 100) == b"one two"


@pytest.mark.parametrize(("coding", "body"), PACKED[:6])
@pytest.mark.parametrize("left", [0.5, 0.9])
def test_what_was_cut_off_is_no_whole_document(coding: str, body: bytes, left: float) -> None:
    with pytest.raises(CodingError):
        decoded(body[: int(len(body) * left)], coding, 1_000_000)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_what_is_no_such_coding_is_said(coding: str) -> None:
    with pytest.raises(CodingError):
        decoded(b"<rss>plain</rss>", coding, 1_000_000)


def test_a_coding_nobody_asked_for_is_named() -> None:
    with pytest.raises(CodingError, match="'lzma'"):
        decoded(b"x", "lzma", 10)
    with pytest.raises(CodingError, match="three times"):
        decoded(b"x", "gzip, gzip, gzip, gzip", 10)


BOMB = b"\0" * 60_000_000


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BOMB, 1, mtime=0)),
        ("deflate", zlib.compress(BOMB, 1)),
        ("br", brotli.compress(BOMB, quality=1)),
        ("zstd", zstandard.compress(BOMB)),
        ("gzip, gzip", gzip.compress(gzip.compress(BOMB, 9, mtime=0), 1, mtime=0)),
        ("identity", b"\0" * 2_000_000),
    ],
)
def test_a_bomb_is_stopped_while_it_is_small(coding: str, body: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(TooLargeError, match="larger than 1 MB"):
        decoded(body, coding, 1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000
