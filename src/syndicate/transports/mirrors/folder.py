"""A folder on this machine."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from syndicate.config import FolderMirror
from syndicate.transports.mirrors.base import Label, MirrorError

T = TypeVar("T")


class FolderPlace:
    """Files below ``path``; each is replaced in one step."""

    def __init__(self, options: FolderMirror) -> None:
        self._root = options.path

    async def put(self, key: str, body: bytes, label: Label) -> None:  # noqa: ARG002 - a folder has no headers
        """See ``Place``."""
        await self._in_thread(_write, self._root / key, body)

    async def get(self, key: str) -> bytes | None:
        """See ``Place``."""
        return await self._in_thread(_read, self._root / key)

    async def delete(self, key: str) -> None:
        """See ``Place``; folders that this leaves empty go as well."""
        await self._in_thread(_remove, self._root, self._root / key)

    async def close(self) -> None:
        """See ``Place``."""

    async def _in_thread(self, act: Callable[..., T], *arguments: Any) -> T:
        try:
            return await asyncio.to_thread(act, *arguments)
        except OSError as error:
            raise MirrorError(
                f"{error.filename or self._root}: {error.strerror}",
                fix="let this user write there; make room",
            ) from None


def _write(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(body)
            os.fchmod(out.fileno(), 0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _remove(root: Path, file: Path) -> None:
    file.unlink(missing_ok=True)
    for folder in file.parents:
        if folder == root or root not in folder.parents:
            return
        try:
            folder.rmdir()
        except OSError:
            return  # something else is in it
