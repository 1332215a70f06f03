"""Opening a place by its options."""

from __future__ import annotations

from typing import assert_never

from syndicate.config import FolderMirror, Mirror, S3Mirror, SftpMirror
from syndicate.transports.mirrors.base import Place
from syndicate.transports.mirrors.folder import FolderPlace


def open_place(options: Mirror, *, proxy: str | None = None) -> Place:
    """Nothing is connected yet. Raises ConfigError where its library is not installed."""
    if isinstance(options, FolderMirror):
        return FolderPlace(options)
    if isinstance(options, SftpMirror):
        from syndicate.transports.mirrors.sftp import SftpPlace

        return SftpPlace(options)
    if isinstance(options, S3Mirror):
        from syndicate.transports.mirrors.s3 import S3Place

        return S3Place(options, proxy=proxy)
    assert_never(options)
