"""Content codings of answers undone, never beyond a size: a small answer may hold gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NoReturn

import brotli
import zstandard

ACCEPTED = "gzip, br, zstd, deflate"
"""For ``Accept-Encoding``."""
MOST_CODINGS = 3
_PART = 65_536
_STEP = 128
"""So many packed bytes at once: zstd has no bound on what comes out, and four may be 128 kB."""
_WINDOW = 8 << 20
"""The largest window of zstd that is taken (RFC 8878, section 3.1.1.1.2 asks for 8 MB)."""


class CodingError(ValueError):
    """A body that cannot be decoded; the message says why, for people."""


class TooLargeError(CodingError):
    """A body that is larger than what is taken."""


def decoded(body: bytes, codings: str, limit: int) -> bytes:
    """``body`` without its ``Content-Encoding`` (RFC 9110, section 8.4), at most ``limit`` bytes.

    Raises TooLargeError as soon as the limit is passed, and CodingError for a
    coding that is unknown, broken, or cut off.
    """
    names = [name.strip().lower() for name in codings.split(",") if name.strip()]
    if len(names) > MOST_CODINGS:
        raise CodingError("it is packed more than three times over")
    for name in reversed(names):
        body = _undo(name, body, limit)
    if len(body) > limit:
        refuse(limit)
    return body


def _undo(name: str, body: bytes, limit: int) -> bytes:
    undo = _CODINGS.get(name.removeprefix("x-"))
    if undo is None:
        raise CodingError(f"it is packed as {name[:20]!r}, which was not asked for")
    try:
        return undo(body, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError):
        raise CodingError(f"what is packed as {name} is broken") from None


def _identity(body: bytes, limit: int) -> bytes:  # noqa: ARG001 - one of the codings
    return body


def _gzip(body: bytes, limit: int) -> bytes:
    """One member after the other (RFC 1952, section 2.2); padding after the last is let pass."""
    out = bytearray()
    while body.strip(b"\0"):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        body = _inflate(unpacker, body, out, limit)
    return bytes(out)


def _deflate(body: bytes, limit: int) -> bytes:
    """With zlib's frame, as RFC 9110 means it, or without, as some servers send it."""
    framed = len(body) > 1 and body[0] & 0x0F == 8 and not (body[0] << 8 | body[1]) % 31
    out = bytearray()
    _inflate(zlib.decompressobj(zlib.MAX_WBITS if framed else -zlib.MAX_WBITS), body, out, limit)
    return bytes(out)


def _inflate(unpacker: zlib._Decompress, body: bytes, out: bytearray, limit: int) -> bytes:
    """Unpack one stream to ``out``; returns what stands after it."""
    while not unpacker.eof:
        part = unpacker.decompress(body, _PART)
        body = unpacker.unconsumed_tail
        _add(out, part, limit)
        if not part and not body and not unpacker.eof:
            raise CodingError(_CUT)
    return unpacker.unused_data


def _brotli(body: bytes, limit: int) -> bytes:
    unpacker, out = brotli.Decompressor(), bytearray()
    while not unpacker.is_finished():
        part = unpacker.process(body, output_buffer_limit=_PART)
        body = b""
        _add(out, part, limit)
        if not part and unpacker.can_accept_more_data() and not unpacker.is_finished():
            raise CodingError(_CUT)
    return bytes(out)


def _zstd(body: bytes, limit: int) -> bytes:
    out = bytearray()
    while body:
        unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj(read_across_frames=False)
        for start in range(0, len(body), _STEP):
            _add(out, unpacker.decompress(body[start : start + _STEP]), limit)
            if unpacker.eof:
                body = unpacker.unused_data + body[start + _STEP :]
                break
        else:
            raise CodingError(_CUT)
    return bytes(out)


def _add(out: bytearray, part: bytes, limit: int) -> None:
    out += part
    if len(out) > limit:
        refuse(limit)


def refuse(limit: int) -> NoReturn:
    """Raises TooLargeError, with the limit in bytes said in MB."""
    raise TooLargeError(f"it is larger than {limit / 1_000_000:g} MB")


_CUT = "it was cut off"
_CODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": _identity, "gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd,
}  # fmt: skip
