"""``[[publish]]``: other places the public files are kept at, for outlets without a server of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from syndicate.config.part import Part
from syndicate.config.values import Name, Secret, WebAddress


class MirrorOptions(Part):
    """What every such place has. ``compressed``: the compressed forms beside each document as well.

    ``headers_file``: write ``_headers`` and ``_redirects``, which static hosts read.
    """

    name: Name
    compressed: bool = True
    headers_file: bool = False


class FolderMirror(MirrorOptions):
    """A folder on this machine: a mounted disk, or what another program uploads."""

    type: Literal["folder"]
    path: Path


class SftpMirror(MirrorOptions):
    """A folder on a server that is reached by SSH. Its host key must be known: ``known_hosts``."""

    type: Literal["sftp"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    user: str | None = None
    password: Secret | None = None
    key: Path | None = None
    known_hosts: Path | None = None
    path: str = "."


class S3Mirror(MirrorOptions):
    """A bucket that speaks S3. ``encoding``: how documents are kept under their plain names."""

    type: Literal["s3"]
    bucket: str
    prefix: str = ""
    endpoint: WebAddress | None = None
    region: str = "us-east-1"
    access_key: Secret | None = None
    secret_key: Secret | None = None
    encoding: Literal["identity", "gzip"] = "identity"


Mirror = Annotated[FolderMirror | SftpMirror | S3Mirror, Field(discriminator="type")]
