"""Which local file stands under which key at a place, and what differs. Pure but for reading files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from syndicate.config import FolderMirror, Mirror, S3Mirror, Settings
from syndicate.formats.rsl import MEDIA_TYPE as RSL_TYPE
from syndicate.formats.rsl import reservation_headers
from syndicate.site import ALL_FEEDS, HTML, LICENSE_PATH, LISTS, OPML, Site, formats_of
from syndicate.storage import MirrorFile

PLAIN = ""
VARIANTS = (PLAIN, ".gz", ".br", ".zst")
_ROOT = frozenset(Path(name).parts[0] for name in LISTS.values() if name) | {"index.html"}
Links = dict[str, tuple[tuple[str, str], ...]]


def key_of(path: str) -> str:
    """A path of ours, like ``/feeds/latest/``, as a file's key: ``feeds/latest/index.html``."""
    bare = path.lstrip("/")
    return bare + "index.html" if not bare or bare.endswith("/") else bare


def local_file(output: Path, key: str) -> Path:
    """Where a key's bytes lie: feeds have no folder of that name in the output folder."""
    return output / key.removeprefix("feeds/")


def keys_under(output: Path) -> Iterator[str]:
    """Every public file that is there. Names that begin with a dot are being written."""
    for folder, folders, names in os.walk(output):
        inside = Path(folder).relative_to(output)
        folders[:] = [f for f in folders if not f.startswith(".") or f == ".well-known"]
        for name in names:
            if name.startswith("."):
                continue
            relative = (inside / name).as_posix()
            first = relative.partition("/")[0]
            of_a_list = first.startswith("sitemap") or first in _ROOT or _plain(first) in _ROOT
            yield relative if of_a_list else f"feeds/{relative}"


def _plain(name: str) -> str:
    return next((name.removesuffix(v) for v in VARIANTS[1:] if name.endswith(v)), name)


@dataclass(frozen=True, slots=True)
class Now:
    """One file as it is here: ``digest`` ``None`` where there is none."""

    digest: str | None
    stamp: str | None


@dataclass
class Looked:
    """What one look found: rows to write, keys that need no row any more."""

    save: list[MirrorFile] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)


def body_of(options: Mirror, output: Path, key: str, made: Mapping[str, bytes]) -> bytes | None:
    """A file's bytes as a place is to keep them; ``None`` where it is to have none."""
    if key in made:
        return made[key]
    variant = next((v for v in VARIANTS[1:] if key.endswith(v)), PLAIN)
    if variant and not options.compressed:
        return None
    file = local_file(output, key)
    if not variant and isinstance(options, S3Mirror) and options.encoding == "gzip":
        file = file.with_name(file.name + ".gz") if file.with_name(file.name + ".gz").exists() else file
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def digest(body: bytes) -> str:
    """What two files of the same bytes share."""
    return hashlib.sha256(body).hexdigest()[:32]


def stamp_of(file: Path) -> str | None:
    """Size and time: a file whose stamp did not change is not read again."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return f"{found.st_size}-{found.st_mtime_ns}"


def in_order(owed: Iterable[MirrorFile], gone: frozenset[str], *, new_first: int = 50) -> list[MirrorFile]:
    """Deletions, then what replaces something there: both may take a withdrawn text back. Pages before
    documents. New pages come before the documents that name them, unless they are very many. Of one
    document the plain form comes last, because it is what readers and hubs look at."""
    files = list(owed)
    fresh = sum(f.digest is None and f.key not in gone for f in files)

    def rank(f: MirrorFile) -> tuple[int, int, str]:
        page = 0 if "/stories/" in f.key or "/archive/" in f.key else 1
        plain = not f.key.endswith(VARIANTS[1:])
        if f.key in gone:
            group = 0
        elif f.digest is None:
            group = (2 if page == 0 else 4) if fresh <= new_first else 5
        else:
            group = 1 if page == 0 else 3
        return group, int(plain), f.key

    return sorted(files, key=rank)


def is_inside(options: Mirror, output: Path) -> bool:
    """Whether a folder lies in our own output, or the other way: it would copy itself for ever."""
    if not isinstance(options, FolderMirror):
        return False
    there, here = options.path.absolute(), output.absolute()
    return there == here or here in there.parents or there in here.parents


# -- what static hosts read ------------------------------------------------------------------


def host_files(settings: Settings, site: Site, hubs: Iterable[str], policy: str) -> dict[str, bytes]:
    """``_headers`` and ``_redirects`` as Netlify and Cloudflare Pages read them (rules H3, H5, H7).

    The terms for machines go along as our own server sends them: RSL 1.0 section 4.5, TDMRep.
    """
    reserved = [f"{name}: {value}" for name, value in reservation_headers(site.says.reservation)]
    lines = ["/*", *(f"  {header}" for header in reserved)] if reserved else []
    licence = [f'<{site.url(LICENSE_PATH)}>; rel="license"; type="{RSL_TYPE}"'] if settings.says_terms else []
    cache = f"Cache-Control: public, max-age={settings.web.max_age}"
    for slug, feed in settings.feeds.items():
        for name in formats_of(feed):
            topic = site.topic(slug, name)
            links = [f'<{topic}>; rel="self"', *(f'<{hub}>; rel="hub"' for hub in hubs if name != "html")]
            links += licence
            headers = [f"Link: {', '.join(links)}", cache, "Access-Control-Allow-Origin: *"]
            lines += _block(site.path(slug, name), headers, policy if name == "html" else None)
        own = [f"Link: {link}" for link in licence]
        lines += _block(f"/feeds/{slug}/archive/*", [*own, "Cache-Control: no-cache"])
    lines += _block("/feeds/stories/*", [cache], policy)
    for name in (HTML, OPML):
        links = [f'<{site.topic(ALL_FEEDS, name)}>; rel="self"', *licence]
        headers = [f"Link: {', '.join(links)}", cache]
        lines += _block(site.path(ALL_FEEDS, name), headers, policy if name == HTML else None)
    moved = [
        f"/feeds/{old}/* /feeds/{slug}/:splat 301"
        for slug, feed in settings.feeds.items()
        for old in feed.formerly
    ]
    base = urlsplit(settings.publisher.base_url)
    moved += [
        f"{former}* {settings.publisher.base_url}:splat 301!"
        for former in settings.publisher.former_base_urls
        if urlsplit(former).netloc != base.netloc
    ]
    return {"_headers": _text(lines), "_redirects": _text(moved)}


def _block(path: str, headers: Iterable[str], policy: str | None = None) -> list[str]:
    found = [*headers, "X-Content-Type-Options: nosniff"]
    if policy:
        found.append(f"Content-Security-Policy: {policy}")
    return [path, *(f"  {header}" for header in found)]


def _text(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
