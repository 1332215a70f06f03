"""The outlet's public face, as one configuration describes it: addresses, files, and entries.

What publishing and distributing share: where a document stands, which file
mirrors it, and how an article looks under someone's terms.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from syndicate.config import Feed, Partner, Settings
from syndicate.editorial import Directory
from syndicate.editorial.entry import Terms, make_entry
from syndicate.editorial.terms import Says
from syndicate.errors import StoryError
from syndicate.formats.ninjs import ninjs, ninjs_bytes
from syndicate.formats.registry import FORMATS
from syndicate.model import Article, Entry

HTML, OPML, SITEMAP, ROBOTS, LICENSE, TDM = "html", "opml", "sitemap", "robots", "license", "tdm"
LISTS = {
    HTML: "",
    OPML: "feeds.opml",
    SITEMAP: "sitemap-news.xml",
    ROBOTS: "robots.txt",
    LICENSE: "license.xml",
    TDM: ".well-known/tdmrep.json",
}
LICENSE_PATH = "/" + LISTS[LICENSE]
ALL_FEEDS = ""  # the "feed" of documents that list every feed
_ARCHIVED = re.compile(r"/feeds/([a-z0-9-]+)/archive/([1-9][0-9]{0,9})/([a-z.]*)")


class Site:
    """Addresses under ``base_url``, files under the output folder, and entries."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        self.publisher = settings.publisher
        self.output: Path = settings.output.path
        self._directory = directory
        self.says = Says.of(settings.publisher, settings.rights, settings.vocabularies)
        # Whoever a text is by: a picture credited to one of these stays in the house.
        self._barred = tuple(record for record in directory.records if not record.pictures)

    def url(self, path: str) -> str:
        """The absolute address of a path that begins with a slash."""
        return self.publisher.base_url.rstrip("/") + path

    def path(self, feed: str, format_name: str) -> str:
        """The path a document is served at."""
        if feed == ALL_FEEDS:
            return f"/{_list_file(format_name)}"
        name = "" if format_name == HTML else FORMATS[format_name].file
        return f"/feeds/{feed}/{name}"

    def topic(self, feed: str, format_name: str) -> str:
        """A document's self address (WebSub)."""
        return self.url(self.path(feed, format_name))

    def topics(self, slug: str, feed: Feed) -> dict[str, str]:
        """The addresses of a feed's documents by format."""
        return {name: self.topic(slug, name) for name in feed.formats}

    def file(self, feed: str, format_name: str) -> Path:
        """The file that mirrors a document."""
        if feed == ALL_FEEDS:
            return self.output / (_list_file(format_name) or "index.html")
        name = "index.html" if format_name == HTML else FORMATS[format_name].file
        return self.output / feed / name

    def archive_path(self, feed: str, page: int, format_name: str) -> str:
        """The path of one document of an archive page."""
        name = "" if format_name == HTML else FORMATS[format_name].file
        return f"/feeds/{feed}/archive/{page}/{name}"

    def archive_folder(self, feed: str, page: int | None = None) -> Path:
        """The folder of a feed's archives, or of one page."""
        whole = self.output / feed / "archive"
        return whole if page is None else whole / str(page)

    def archive_file(self, feed: str, page: int, format_name: str) -> Path:
        """The file that mirrors one document of an archive page."""
        name = "index.html" if format_name == HTML else FORMATS[format_name].file
        return self.archive_folder(feed, page) / name

    def story_path(self, article_id: str) -> str:
        """The path of a story's page on our own site."""
        return f"/feeds/stories/{article_id}/"

    def story_file(self, article_id: str) -> Path:
        """The file that mirrors a story's page."""
        return self.output / "stories" / article_id / "index.html"

    def partner_story(self, partner: str, article_id: str) -> str:
        """Where a partner fetches the newest version of a story."""
        return self.url(f"/partner/v1/{partner}/stories/{article_id}")

    def entry(self, article: Article, terms: Terms, now: datetime | None = None) -> Entry:
        """An article under someone's terms; ``now`` leaves out pictures whose rights have ended.

        Everything that is shown or sent goes through here. Raises StoryError for a story that was
        never published: under an embargo, on hold, or dated in the future.
        """
        if not article.live:
            raise StoryError(f"article {article.id[:8]} is not published")
        agency = article.story.credit.agency
        return make_entry(
            article,
            terms,
            publisher=self.publisher,
            agency=self._directory.get(agency) if agency else None,
            page_url=self.url(self.story_path(article.id)),
            now=now,
            barred=self._barred,
            page_of=lambda other: self.url(self.story_path(other)),
            says=self.says,
        )

    def ninjs(self, article: Article, terms: Terms, now: datetime) -> bytes:
        """An article as partners get it. Raises StoryError."""
        return ninjs_bytes(
            ninjs(
                self.entry(article, terms, now),
                revision=article.revision,
                first_created=article.published,
                version_created=article.changed,
                publisher=self.publisher,
                expires=article.story.expires,
            )
        )


def partner_terms(partner: Partner) -> Terms:
    """How stories look that a partner gets, pushed or pulled."""
    return Terms(
        content=partner.content,
        excerpt_words=partner.excerpt_words,
        pictures=partner.pictures,
        source_ids=True,
    )


def archived(path: str) -> tuple[str, int, str] | None:
    """``(feed, page, format)`` of an archive's path, or ``None``."""
    found = _ARCHIVED.fullmatch(path)
    names = {"": HTML, **{form.file: form.name for form in FORMATS.values()}}
    if found is None or found[3] not in names:
        return None
    return found[1], int(found[2]), names[found[3]]


def _list_file(format_name: str) -> str:
    """A list's file; of a sitemap's parts (``sitemap-2``) each has its own."""
    kind, _, part = format_name.partition("-")
    return LISTS[kind].replace(".xml", f"-{part}.xml") if part else LISTS[kind]


def formats_of(feed: Feed) -> tuple[str, ...]:
    """Every document of a feed: its formats, and the page for people."""
    return (*feed.formats, HTML)
