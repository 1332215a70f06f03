"""What a configuration points at outside itself: folders, ports, addresses, secrets' files."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from syndicate.config import Settings
from syndicate.config.files import read_files, read_one
from syndicate.config.values import MASK
from syndicate.errors import ConfigError
from syndicate.model import Finding
from syndicate.passwords import DEMO, matches
from syndicate.storage.engine import file_at

Found = tuple[str, Finding]
"""Where (a key of the settings, a feed, a story), and what was found there."""


def error(where: str, rule: str, message: str, fix: str | None = None) -> Found:
    """Something that will not work."""
    return where, Finding(severity="error", rule=rule, message=message, fix=fix)


def warning(where: str, rule: str, message: str, fix: str | None = None) -> Found:
    """Something that works and is likely not meant."""
    return where, Finding(severity="warning", rule=rule, message=message, fix=fix)


def surroundings(settings: Settings, file: Path | None, *, running: bool) -> Iterator[Found]:
    """Everything but the database's content. ``file``: the configuration, for its secrets' files."""
    yield from _presence(settings)
    yield from _sources(settings)
    yield from _writable("output.path", settings.output.path)
    database = file_at(settings.storage.url.reveal())
    if database is not None:
        yield from _writable("storage.url", database.parent)
    yield from _base_url(settings)
    yield from _ports(settings, running)
    for name in demo_operators(settings):
        yield warning(f"ops.users.{name}.password", "login", DEMO_WORDS, DEMO_FIX)
    yield from _addresses(settings)
    if file is not None:
        yield from _secret_files(settings, file)


def _presence(settings: Settings) -> Iterator[Found]:
    for name in ("sources", "feeds"):
        if not getattr(settings, name):
            yield warning(name, "config", f"no {name} are configured", f"see [{name}] in docs/settings.md")
    for name, partner in settings.partners.items():
        if not partner.feeds:
            yield warning(f"partners.{name}", "config", "it has no feeds, so it gets nothing", "name some")


# -- folders ----------------------------------------------------------------------------


def _sources(settings: Settings) -> Iterator[Found]:
    for name, options in settings.sources.items():
        path = getattr(options, "path", None)
        if not isinstance(path, Path):
            continue
        where = f"sources.{name}.path"
        if not path.is_dir():
            made = "make it, or mend the path (it is relative to where the command runs)"
            yield error(where, "folder", f"there is no folder {path}", made)
        elif not os.access(path, os.R_OK | os.X_OK):
            yield error(where, "folder", f"the folder {path} cannot be read", "let this user read it")


def _writable(where: str, folder: Path) -> Iterator[Found]:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        yield error(where, "folder", f"{there} is no folder", "name a folder")
    elif not os.access(there, os.W_OK | os.X_OK):
        yield error(where, "folder", f"{there} cannot be written to", "let this user write to it")


# -- the network ------------------------------------------------------------------------


def _base_url(settings: Settings) -> Iterator[Found]:
    parts = urlsplit(settings.publisher.base_url)
    where = "publisher.base_url"
    if is_loopback(parts.hostname):
        words = f"{settings.publisher.base_url} is this machine: readers elsewhere cannot get there"
        yield warning(where, "address", words, "set the public address before you publish")
    elif parts.scheme != "https":
        yield warning(where, "address", "feeds are served without encryption", "use https://")
    if parts.query or parts.fragment or "@" in parts.netloc:
        yield error(where, "address", "it may have no query, fragment or password", "leave them out")


def is_loopback(host: str | None) -> bool:
    """Whether a host's name or address means this machine."""
    name = (host or "").rstrip(".").casefold()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


DEMO_WORDS = "it is the password of the bundled example, which everybody knows"
DEMO_FIX = "`syndicate ops password` makes the hash of one of your own"


def demo_operators(settings: Settings) -> list[str]:
    """Who logs in with the bundled example's password, where others than this machine may get in."""
    hosts = (settings.ops.host, settings.web.host, urlsplit(settings.publisher.base_url).hostname)
    if all(is_loopback(host) for host in hosts):
        return []
    users = settings.ops.users.items()
    return [name for name, user in users if user.password and matches(DEMO, user.password.reveal())]


def _ports(settings: Settings, running: bool) -> Iterator[Found]:
    web, ops = settings.web, settings.ops
    if web.port and (web.host, web.port) == (ops.host, ops.port):
        yield error("ops.port", "port", f"web has port {web.port} too", "choose another one")
    if running:
        return  # they are taken by the daemon, as they should be
    for key, part in (("web", web), ("ops", ops)):
        reason = unbindable(part.host, part.port) if part.port else None
        if reason:
            fix = "stop what listens there, or choose another port"
            yield error(f"{key}.port", "port", f"cannot listen on {part.host}:{part.port}: {reason}", fix)


def unbindable(host: str, port: int) -> str | None:
    """Why nobody could listen there now; ``None``: it is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            return "it is taken" if problem.errno == errno.EADDRINUSE else problem.strerror or "refused"
    return None


def _addresses(settings: Settings) -> Iterator[Found]:
    """Partners' endpoints and hubs. Of an address only the host is named: the rest may hold a key."""
    known = {f"external_hubs.{name}.url": hub.url for name, hub in settings.external_hubs.items()}
    for name, partner in settings.partners.items():
        for key, endpoint in partner.endpoints.items():
            known[f"partners.{name}.endpoints.{key}.url"] = endpoint.url
    owners: dict[str, str] = {}
    for where, url in known.items():
        yield from _address(where, url)
        if url in owners:
            yield warning(where, "address", f"{owners[url]} has the same address", "is it meant twice?")
        owners.setdefault(url, where)


def _address(where: str, url: str) -> Iterator[Found]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        yield error(where, "address", "it is malformed", "mend the address")
        return
    if parts.scheme != "https" and not is_loopback(host):
        yield warning(where, "address", f"stories go to {host} without encryption", "use https://")
    try:
        socket.getaddrinfo(host, port or parts.scheme, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        yield warning(where, "address", f"the name {host} cannot be resolved now", "is it spelled right?")


# -- secrets ----------------------------------------------------------------------------


def _secret_files(settings: Settings, file: Path) -> Iterator[Found]:
    for where, path in secret_files(settings, file):
        if _world_readable(path):
            words = f"{path} holds a secret and everyone on this machine can read it"
            yield warning(where, "secret", words, f"chmod o-rwx {path}")


def secret_files(settings: Settings, main: Path) -> Iterator[tuple[str, Path]]:
    """Every file that holds a secret, once: those of the configuration, and those they name."""
    try:
        files = read_files(main).files
    except ConfigError:
        return
    effective = settings.model_dump(mode="json")
    seen: set[Path] = set()
    for file in files:
        for where, value, shown in _walk(read_one(file), effective, ""):
            named = Path(value["file"]) if isinstance(value, dict) else None
            path = named or file
            if path in seen or (named is None and not _is_secret(value, shown)):
                continue
            seen.add(path)
            yield where, path


def _walk(raw: Any, shown: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    """Every ``{ file = … }`` and every text, with what the effective settings show in its place."""
    if isinstance(raw, dict):
        if set(raw) == {"file"} and isinstance(raw["file"], str):
            yield where, raw, shown
            return
        for key, value in raw.items():
            inner = shown.get(key) if isinstance(shown, Mapping) else None
            yield from _walk(value, inner, f"{where}.{key}".lstrip("."))
    elif isinstance(raw, list):
        pairs = shown if isinstance(shown, list) and len(shown) == len(raw) else [None] * len(raw)
        for value, inner in zip(raw, pairs, strict=True):
            yield from _walk(value, inner, where)
    elif isinstance(raw, str):
        yield where, raw, shown


def _is_secret(value: Any, shown: Any) -> bool:
    """A file's path as the database's address is no secret."""
    return shown == MASK and not str(value).startswith("sqlite:")


def _world_readable(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o004)
    except OSError:
        return False
