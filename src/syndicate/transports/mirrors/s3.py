"""A bucket that speaks S3 (extra ``elsewhere``: obstore). A file is whole under its key, or not there."""

from __future__ import annotations

from typing import Any

from syndicate.config import S3Mirror
from syndicate.errors import ConfigError
from syndicate.transports.mirrors.base import Label, MirrorError


class S3Place:
    """One bucket, or what lies under ``prefix`` in it. ``proxy``: the egress proxy of ``[network]``."""

    def __init__(self, options: S3Mirror, *, proxy: str | None = None) -> None:
        try:
            import obstore
            from obstore.exceptions import BaseError
            from obstore.store import S3Store
        except ImportError:
            raise ConfigError(
                f"publish {options.name!r} needs the library obstore",
                fix="pip install 'syndicate[elsewhere]'",
            ) from None
        self._library: Any = obstore
        self._errors: tuple[type[Exception], ...] = (BaseError, OSError)
        self._bucket = options.bucket
        self._store = S3Store(options.bucket, **_given(options, proxy))

    async def put(self, key: str, body: bytes, label: Label) -> None:
        """See ``Place``."""
        attributes = {"Content-Type": label.media_type, "Cache-Control": label.cache}
        if label.coding:
            attributes["Content-Encoding"] = label.coding
        try:
            await self._library.put_async(self._store, key, body, attributes=attributes)
        except self._errors as error:
            raise self._failed(error) from None

    async def get(self, key: str) -> bytes | None:
        """See ``Place``."""
        try:
            answer = await self._library.get_async(self._store, key)
            return bytes(await answer.bytes_async())
        except FileNotFoundError:
            return None
        except self._errors as error:
            raise self._failed(error) from None

    async def delete(self, key: str) -> None:
        """See ``Place``."""
        try:
            await self._library.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except self._errors as error:
            raise self._failed(error) from None

    async def close(self) -> None:
        """See ``Place``."""

    def _failed(self, error: Exception) -> MirrorError:
        """The library's words hold the whole request; of them only the kind is shown."""
        return MirrorError(
            f"bucket {self._bucket}: {_kind(error)}",
            fix="are bucket, endpoint, region and keys right, and may they write there?",
        )


def _kind(error: Exception) -> str:
    words = str(error)
    for code in ("403", "404", "401", "400", "500", "503"):
        if f"status: {code}" in words or f"status {code}" in words or f": {code} " in words:
            return f"it answers {code}"
    return {
        "PermissionDeniedError": "access denied",
        "UnauthenticatedError": "the keys are not accepted",
    }.get(type(error).__name__, "it does not answer")


def _given(options: S3Mirror, proxy: str | None) -> dict[str, Any]:
    client: dict[str, Any] = {"timeout": "30s", "connect_timeout": "10s"}
    if proxy:
        client["proxy_url"] = proxy
    given: dict[str, Any] = {
        "region": options.region,
        "client_options": client,
        "retry_config": {"max_retries": 1},  # the lane tries again, and says so
    }
    if options.prefix:
        given["prefix"] = options.prefix.strip("/")
    if options.endpoint:
        given["endpoint"] = options.endpoint
        given["virtual_hosted_style_request"] = False
        client["allow_http"] = options.endpoint.startswith("http://")
    if options.access_key is not None:
        given["access_key_id"] = options.access_key.reveal()
    if options.secret_key is not None:
        given["secret_access_key"] = options.secret_key.reveal()
    return given
