"""Content codings and their validators: rules H1 and H2."""

from __future__ import annotations

import gzip
import re

import brotli
import pytest
import zstandard

from syndicate.formats.encoding import LARGE, encode

BODIES = [
    b"",
    b"<rss/>",
    b"<item>The river rose.</item>" * 500,
    b"<item>The river rose.</item>" * (LARGE // 25),
]


@pytest.mark.parametrize("identity", BODIES, ids=len)
def test_every_coding_gives_the_same_bytes_back(identity):
    bodies, _ = encode(identity)
    assert bodies["identity"] == identity
    assert gzip.decompress(bodies["gzip"]) == identity
    assert brotli.decompress(bodies["br"]) == identity
    assert zstandard.ZstdDecompressor().decompress(bodies["zstd"]) == identity


def test_h1_etags_are_quoted_strong_and_differ_by_coding():
    _, etags = encode(b"<rss/>" * 20)
    assert set(etags) == {"identity", "gzip", "br", "zstd"}
    assert len(set(etags.values())) == 4
    assert all(re.fullmatch(r'"[0-9a-f]{32}"', tag) for tag in etags.values())
    assert encode(b"<rss/>" * 21)[1]["identity"] != etags["identity"]


def test_x3_same_bytes_give_the_same_encodings():
    assert encode(BODIES[2]) == encode(BODIES[2])


def test_gzip_header_has_neither_time_nor_name():
    header = encode(BODIES[2])[0]["gzip"][:10]
    assert header[:4] == b"\x1f\x8b\x08\x00"
    assert header[4:8] == bytes(4)


def test_each_coding_is_smaller():
    bodies, _ = encode(BODIES[2])
    assert all(len(bodies[coding]) < len(BODIES[2]) / 5 for coding in ("gzip", "br", "zstd"))
