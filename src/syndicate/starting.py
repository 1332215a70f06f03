"""A first configuration: a few answers become a file with comments, and files for what is secret."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from syndicate.config import Settings
from syndicate.errors import ConfigError, UsageError
from syndicate.installed import adapters, load_settings
from syndicate.surroundings import is_loopback

Layout = Literal["here", "system"]
"""``here``: everything below the directory commands run in; ``system``: /etc and /var/lib."""
SYSTEM_FILE = Path("/etc/syndicate/syndicate.toml")
SYSTEM_USER = "syndicate"
_PASSWORD = re.compile(r"^\w+(\+\w+)?://[^/@:]*:[^/@]+@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is asked. ``source``: a folder, ``inbox``, an address, or ``KIND:ADDRESS``.

    ``database``: ``None`` for SQLite in its usual place.
    """

    name: str
    site: str
    language: str = "en"
    timezone: str = "UTC"
    source: str = "stories"
    base_url: str = "http://127.0.0.1:8080/"
    database: str | None = None
    layout: Layout = "here"


@dataclass(frozen=True, slots=True)
class Written:
    """What was made, the configuration first."""

    files: tuple[Path, ...]
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Places:
    state: Path
    feeds: Path
    secrets: Path


def start(answers: Answers, file: Path, *, force: bool = False) -> Written:
    """Write a configuration that was read back and found in order.

    Raises UsageError where ``file`` is there already and ``force`` is not
    given, ConfigError where an answer makes no usable configuration; nothing
    is written then.
    """
    if file.exists() and not force:
        raise UsageError(f"{file} is there already", fix="name another with --config, or --force replaces it")
    places = _places(answers.layout, file)
    secrets = _secrets(answers, places)
    text = configuration(answers, places.state, places.feeds, secrets)
    try:
        for secret, value in secrets.items():
            _keep_secret(secret, value, answers.layout)
        file.parent.mkdir(parents=True, exist_ok=True)
        with _beside(file, text) as fresh:
            settings = load_settings(fresh)
            fresh.replace(file)
        if answers.layout == "here" and (folder := _folder_of(answers.source)):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        where = error.filename or file
        raise UsageError(f"cannot write {where}: {error.strerror}", fix="let this user write there") from None
    return Written((file, *secrets), settings)


def _places(layout: Layout, file: Path) -> _Places:
    if layout == "system":
        state = Path("/var/lib/syndicate")
        return _Places(state / "state", state / "feeds", file.parent / "secrets")
    return _Places(Path("var"), Path("feeds"), Path("var/secrets"))


def _secrets(answers: Answers, places: _Places) -> dict[Path, str]:
    """A database's address with a password in it stands in a file of its own."""
    if answers.database and _PASSWORD.match(answers.database):
        return {places.secrets / "database": answers.database}
    return {}


def _keep_secret(file: Path, value: str, layout: Layout) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), 0o600)  # it may have been there, open to others
        out.write(value + "\n")
    if layout == "system":
        _give_away(file.parent)
        _give_away(file)


def _give_away(path: Path) -> None:
    """The daemon's own user reads it; where there is none yet, whoever runs this does."""
    import shutil

    try:
        shutil.chown(path, SYSTEM_USER, SYSTEM_USER)
    except (LookupError, PermissionError):
        return  # said by `doctor` as that user, where it matters


@contextmanager
def _beside(file: Path, text: str) -> Iterator[Path]:
    """The text in a file beside, which takes the place of ``file`` in one step or goes away."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".new")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            os.fchmod(out.fileno(), 0o644)
        yield fresh
    except ConfigError as error:
        words = error.message.replace(f"{fresh}: ", "")
        raise ConfigError(words, fix="give another answer (docs/settings.md)") from None
    finally:
        fresh.unlink(missing_ok=True)


# -- the text --------------------------------------------------------------------------------


def configuration(answers: Answers, state: Path, feeds: Path, secrets: Collection[Path]) -> str:
    """The TOML, with what a person will want to know beside it. Raises UsageError for the source."""
    return "\n".join(
        [
            *_head(answers),
            *_listening(answers.base_url),
            *_kept(answers, state, feeds, secrets),
            *_source(answers.source),
            *_feeds_and_more(answers),
        ]
    )


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _head(answers: Answers) -> list[str]:
    return [
        "# Every key is explained in docs/settings.md; `syndicate check` says whether this is in order.",
        "",
        'include = "conf.d/*.toml"      # partners, agencies: a file each, if you like',
        "",
        "[publisher]",
        f"name = {_text(answers.name)}",
        f"url = {_text(answers.site)}",
        "# tag is made from url, and is permanent: all ids are made from it. Set it before url changes.",
        f"language = {_text(answers.language)}              # of stories and feeds that name none",
        f"timezone = {_text(answers.timezone)}             # of times that name none",
        f"base_url = {_text(answers.base_url)}    # where readers reach the feeds",
        "",
    ]


def _listening(base_url: str) -> list[str]:
    parts = urlsplit(base_url)
    port = parts.port if is_loopback(parts.hostname) and parts.port else 8080
    lines = ["[web]", f"port = {port}"]
    if is_loopback(parts.hostname):
        return [*lines, ""]
    return [
        "[web]                          # a web server in front ends TLS: `syndicate config server caddy`",
        'host = "127.0.0.1"',
        f"port = {port}",
        'trusted_proxies = ["127.0.0.1/32"]',
        "",
    ]


def _kept(answers: Answers, state: Path, feeds: Path, secrets: Collection[Path]) -> list[str]:
    path = state / "syndicate.db"
    url = _text(answers.database or f"sqlite:///{path}")
    if secrets:
        url = f"{{ file = {_text(str(next(iter(secrets))))} }}"
    return [
        "[storage]",
        f"url = {url}",
        "",
        "[output]                       # the public files, for any web server or CDN",
        f"path = {_text(str(feeds))}",
        "",
    ]


def _source(source: str) -> list[str]:
    kind, place = kind_of(source)
    lines = ["[sources.main]", f"type = {_text(kind)}"]
    if kind == "folder":
        lines += [
            f"path = {_text(place)}",
            '# on_missing = "withdraw"      # a file that goes takes its story back',
        ]
    elif kind != "inbox":
        lines += [f"url = {_text(place)}"]
    else:
        lines += ["# `syndicate tokens add --inbox main --label cms` makes the token its sender shows"]
    return [*lines, ""]


def kind_of(source: str) -> tuple[str, str]:
    """``(type, where)`` of a source as a person names it. Raises UsageError for an unknown kind."""
    known = sorted(adapters().sources)
    kind, colon, place = source.partition(":")
    if source == "inbox":
        return "inbox", ""
    if source.startswith(("http://", "https://")):
        kind, place = "feed", source
    elif not colon or kind not in known:
        if re.match(r"^[a-z]+:(//|https?:)", source):
            raise UsageError(f"there is no kind of source {kind!r}", fix=f"there are: {', '.join(known)}")
        return "folder", source
    if kind not in known:
        raise UsageError(f"this version reads no {kind!r} sources", fix=f"there are: {', '.join(known)}")
    return kind, place


def _folder_of(source: str) -> Path | None:
    kind, place = kind_of(source)
    return Path(place) if kind == "folder" else None


def _feeds_and_more(answers: Answers) -> list[str]:
    return [
        "[feeds.latest]                 # the slug: /feeds/latest/rss.xml, atom.xml, feed.json",
        f"title = {_text(answers.name)}",
        "limit = 50",
        "",
        "# [hub]                        # our own WebSub hub, so that readers need not poll",
        "# enabled = true",
        "",
        "# [partners.gazette]           # an outlet that takes stories; best in conf.d/gazette.toml",
        '# feeds = ["latest"]',
        "# [partners.gazette.endpoints.main]",
        '# type = "webhook"',
        '# url = "https://gazette.example.net/ingest"',
        '# secrets = [{ file = "var/secrets/gazette" }]',
        "",
    ]
