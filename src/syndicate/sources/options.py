"""What may be set of each built-in kind of source.

Apart from the kinds themselves, so that a command which only reads the
settings loads neither an HTTP client nor the editor's eye.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from syndicate.config import Duration, Secret, SourceOptions, check_signing_secret
from syndicate.config.values import WebAddress

SUFFIXES = frozenset({".md", ".markdown", ".html", ".htm", ".txt", ".json"})
JSON_SUFFIXES = frozenset({".json", ".ninjs"})
XML_SUFFIXES = frozenset({".xml", ".nitf", ".newsml", ".g2"})
_CREDENTIALS = re.compile(r"[\x21-\x7e]+")
_SHORTEST = 16
"""Characters of a secret of Ghost's form: a shorter one can be guessed from one signature."""

# -- files in a folder ------------------------------------------------------------------------


class FileOptions(SourceOptions):
    """What every source of files in a folder has.

    ``settle``: how long a file must be unchanged before it is read.
    ``missing_after``: how long it must be gone before ``on_missing`` acts, so
    that a rename in two steps withdraws nothing. ``max_bytes``: of one file.
    """

    suffixes: ClassVar[frozenset[str]] = SUFFIXES
    path: Path
    recursive: bool = True
    on_missing: Literal["keep", "withdraw"] = "keep"
    missing_after: Duration = timedelta(seconds=10)
    settle: Duration = timedelta(seconds=1)
    max_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 2_000_000


class FolderOptions(FileOptions):
    """A folder of stories: ``.md``, ``.html``, ``.txt`` and ``.json`` (ninjs)."""

    type: Literal["folder"]


class WireOptions(FileOptions):
    """What a wire has beside a folder's keys.

    ``address``: whether the address in an item is the agency's own story
    (``original``: ours gets a page here), or the story's own (``own``).
    """

    address: Literal["original", "own"] = "original"


class NinjsOptions(WireOptions):
    """A wire in ninjs 1 to 3: ``.json``, ``.ninjs``."""

    suffixes: ClassVar[frozenset[str]] = JSON_SUFFIXES
    type: Literal["ninjs"]


class NewsmlOptions(WireOptions):
    """A wire in NewsML-G2 or NITF: ``.xml``, ``.nitf``, ``.newsml``, ``.g2``."""

    suffixes: ClassVar[frozenset[str]] = XML_SUFFIXES
    type: Literal["newsml"]


# -- what is brought ----------------------------------------------------------------------------


class InboxOptions(SourceOptions):
    """A sender to ``/api/v1/articles``; its tokens bear the source's name.

    ``max_bytes``: of one request; ``max_batch``: stories in one request;
    ``per_minute``: requests within any minute. ``secrets``: they sign what is
    posted to ``/api/v1/hooks/NAME`` in the form of ``cms``; any of them will
    do, so that one can be exchanged. ``types``: the types of WordPress' posts
    that are stories; ``authors``: whether who the CMS names as author is asked.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    type: Literal["inbox"]
    cms: Literal["own", "wordpress", "ghost"] = "own"
    secrets: tuple[Secret, ...] = ()
    types: Annotated[tuple[str, ...], Field(min_length=1)] = ("post",)
    authors: bool = True
    max_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 2_000_000
    max_batch: Annotated[int, Field(ge=1, le=1_000)] = 100
    per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600

    @model_validator(mode="after")
    def _fit_to_sign(self) -> Self:
        for secret in self.secrets:
            if self.cms != "ghost":
                check_signing_secret(secret)
            elif len(secret.reveal()) < _SHORTEST:
                raise ValueError(f"a secret for Ghost has {_SHORTEST} characters at least")
        if self.cms != "own" and not self.secrets:
            raise ValueError(f"cms = {self.cms!r} needs secrets: whoever knows one may post stories")
        return self


# -- what a server is asked for ------------------------------------------------------------------


def _without_user(value: str) -> str:
    if "@" in urlsplit(value).netloc:
        raise ValueError("must hold no name and password; set username and password instead")
    return value


class FetchOptions(SourceOptions):
    """What every source has that asks a server.

    ``timeout`` bounds one document with its redirects; ``max_bytes`` is of a
    document when it is unpacked. ``username`` and ``password`` (Basic), or
    ``bearer``, are sent to the host of ``url`` alone. ``longest_wait``: the
    longest that the server's own words may put the next look off.
    """

    url: Annotated[WebAddress, AfterValidator(_without_user)]
    interval: Duration = timedelta(minutes=5)
    timeout: Duration = timedelta(seconds=30)
    max_bytes: Annotated[int, Field(ge=1_000, le=200_000_000)] = 10_000_000
    username: str | None = None
    password: Secret | None = None
    bearer: Secret | None = None
    longest_wait: Annotated[Duration, Field(ge=timedelta(), le=timedelta(days=1))] = timedelta(days=1)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together; set both or neither")
        if self.bearer and self.username is not None:
            raise ValueError("set username and password, or bearer, not both")
        if self.bearer and not _CREDENTIALS.fullmatch(self.bearer.reveal()):
            raise ValueError("bearer holds characters that no token has; look at its file or variable")
        return self

    def authorization(self) -> str | None:
        """The header that says who asks; keep it out of logs."""
        if self.bearer:
            return f"Bearer {self.bearer.reveal()}"
        if self.username is None or self.password is None:
            return None
        pair = f"{self.username}:{self.password.reveal()}"
        return "Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii")


class FeedOptions(FetchOptions):
    """A feed: RSS 0.9 to 2.0, RDF, Atom or JSON Feed.

    ``history``: so many older pages are read the first time (RFC 5005, or
    JSON Feed's ``next_url``). ``websub``: whether we subscribe where the feed
    names a hub; ``auto``: where ``publisher.base_url`` is not this machine's
    own name for itself. ``safety_net``: how often the feed is asked while its
    hub pushes.
    """

    type: Literal["feed"]
    history: Annotated[int, Field(ge=0, le=1_000)] = 0
    websub: bool | Literal["auto"] = "auto"
    safety_net: Duration = timedelta(hours=1)


class PageOptions(FetchOptions):
    """A list page, sitemap, news sitemap or sitemap index, and the story pages it names.

    ``include``, ``exclude``: globs over addresses. ``limit``: the newest
    pages of one look. ``pause`` between two requests; robots.txt may ask for
    more. ``watch``: how long a page is asked again for changes. ``paid``:
    what is taken of a page that only those who pay may read whole.
    """

    type: Literal["page"]
    interval: Duration = timedelta(minutes=15)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: Annotated[int, Field(ge=1, le=1_000)] = 50
    pause: Annotated[Duration, Field(le=timedelta(minutes=1))] = timedelta(seconds=1)
    watch: Duration = timedelta(days=7)
    on_missing: Literal["keep", "withdraw"] = "keep"
    paid: Literal["excerpt", "skip", "full"] = "excerpt"


class WordPressOptions(FetchOptions):
    """A WordPress site. ``url`` is its address, or that of its REST API.

    ``username`` with an application password as ``password`` shows the trash
    too. ``since``: nothing older is fetched. ``overlap``: how far back each
    look reaches beyond what was seen last. ``on_missing``: what withdraws a
    story: ``gone`` (the site says that there is no such post), ``hidden`` (or
    that it is not public), ``keep`` (neither); what an editor's password shows
    in the trash is withdrawn but for ``keep``. It must have been so twice,
    ``missing_after`` apart. ``page_size``: whole posts in one request.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    type: Literal["wordpress"]
    types: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")], ...], Field(min_length=1)
    ] = ("post",)
    authors: bool = True
    since: date | None = None
    overlap: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=7))] = timedelta(hours=2)
    on_missing: Literal["gone", "hidden", "keep"] = "gone"
    missing_after: Duration = timedelta(minutes=10)
    page_size: Annotated[int, Field(ge=1, le=100)] = 50

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> Self:
        parts = urlsplit(self.url)
        if self.password and parts.scheme == "http" and not _is_near(parts.hostname or ""):
            raise ValueError("the password would be sent in the clear; write url with https://")
        return self


def _is_near(host: str) -> bool:
    """Whether a host is this machine or stands in a network of one's own, by its address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_private
    except ValueError:
        return False
