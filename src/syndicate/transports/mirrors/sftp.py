"""A folder on a server that is reached by SSH (extra ``elsewhere``: asyncssh)."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from syndicate.config import SftpMirror
from syndicate.errors import ConfigError
from syndicate.transports.mirrors.base import Label, MirrorError

SECONDS = 30


class SftpPlace:
    """One connection, made when it is needed. A file is sent under another name, then renamed over the old
    one in one step (``posix-rename@openssh.com``)."""

    def __init__(self, options: SftpMirror) -> None:
        try:
            import asyncssh
        except ImportError:
            raise ConfigError(
                f"publish {options.name!r} needs the library asyncssh",
                fix="pip install 'syndicate[elsewhere]'",
            ) from None
        self._ssh: Any = asyncssh
        self._options = options
        self._root = options.path.rstrip("/") or "/"
        self._connection: Any = None
        self._sftp: Any = None
        self._made: set[str] = set()

    async def put(self, key: str, body: bytes, label: Label) -> None:  # noqa: ARG002 - SFTP has no headers
        """See ``Place``."""
        path = self._path(key)
        folder, _, name = path.rpartition("/")
        part = f"{folder}/.{name}.{secrets.token_hex(4)}"
        async with self._session() as sftp:
            if folder not in self._made:
                await sftp.makedirs(folder, exist_ok=True)
                self._made.add(folder)
            try:
                async with sftp.open(part, "wb") as out:
                    await out.write(body)
                await sftp.chmod(part, 0o644)
                await sftp.posix_rename(part, path)
            except BaseException:
                await self._forget(sftp, part)
                raise

    async def get(self, key: str) -> bytes | None:
        """See ``Place``."""
        async with self._session() as sftp:
            try:
                async with sftp.open(self._path(key), "rb") as file:
                    return bytes(await file.read())
            except self._ssh.SFTPNoSuchFile:
                return None

    async def delete(self, key: str) -> None:
        """See ``Place``."""
        async with self._session() as sftp:
            try:
                await sftp.remove(self._path(key))
            except self._ssh.SFTPNoSuchFile:
                return

    async def close(self) -> None:
        """See ``Place``."""
        connection, self._connection, self._sftp = self._connection, None, None
        self._made.clear()
        if connection is not None:
            connection.close()
            await connection.wait_closed()

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    async def _forget(self, sftp: Any, part: str) -> None:
        """What was sent by half has a name that nobody asks for; it is taken away where that is possible."""
        try:
            await sftp.remove(part)
        except (OSError, self._ssh.Error):
            return

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Any]:
        try:
            if self._sftp is None:
                await self._open()
            yield self._sftp
        except (OSError, self._ssh.Error, TimeoutError) as error:
            await self._drop()
            words = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            raise MirrorError(f"{self._options.host}: {words}", fix=self._fix(error)) from None

    def _fix(self, error: Exception) -> str:
        if isinstance(error, self._ssh.HostKeyNotVerifiable):
            return (
                "put the server's host key into known_hosts (ssh-keyscan, compared with what its owner says)"
            )
        if isinstance(error, self._ssh.PermissionDenied):
            return "is user right, and the key or password?"
        return "is the server up, and may this user write there?"

    async def _open(self) -> None:
        o = self._options
        given: dict[str, Any] = {"port": o.port, "connect_timeout": SECONDS, "keepalive_interval": SECONDS}
        if o.user:
            given["username"] = o.user
        if o.password is not None:
            given["password"] = o.password.reveal()
        if o.key is not None:
            given["client_keys"] = [str(o.key)]
        if o.known_hosts is not None:
            given["known_hosts"] = str(o.known_hosts)
        self._connection = await self._ssh.connect(o.host, **given)
        self._sftp = await self._connection.start_sftp_client()

    async def _drop(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        self._made.clear()
        if connection is not None:
            connection.abort()
