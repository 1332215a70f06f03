"""What elements are by their names and marks: text, bylines, captions, or nothing of the story."""

from __future__ import annotations

import re
from typing import Any

SKIP = frozenset(
    "script style nav aside footer form button select iframe noscript template svg input "  # noqa: SIM905
    "textarea dialog object embed canvas math head".split()
)
BLOCK = frozenset(
    "p div li ul ol h1 h2 h3 h4 h5 h6 blockquote pre table tr td th tbody thead figure "  # noqa: SIM905
    "figcaption section article main header dl dt dd address hr details summary center item entry".split()
)
DROP = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|social|related|comments?|respond|comment-?list|sidebar|widget"
    r"|widget-title|footer|menu|tags?|post-tags|tagcloud|newsletter|promo|advert(?:isement)?s?"
    r"|ads?|ad-\w+|check-also\S*|author-box|about-author|author-bio|recommend\S*|more-on|popular"
    r"|trending|cookie\S*|subscribe|pagination|nav|navigation|post-navigation|most-read|read-more"
    r"|also-read|outbrain|taboola|jp-relatedposts|sharedaddy|post-bottom-meta|print|skip-link"
    r"|screen-reader-text|paywall|breadcrumbs?|crumbs|toc|hidden)(?=$|[\s_-])",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:byline|author|authors|author-name|post-meta|entry-meta|article-meta"
    r"|meta-author|writer|credits?-line|reporter)(?=$|[\s_-])",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"(?:^|[\s_-])(?:caption|wp-caption-text|photo-credit|image-credit|media-credit|credit)(?=$|[\s_-])",
    re.IGNORECASE,
)
_STAMP = re.compile(
    r"(?:^|[\s_-])(?:date|datetime|timestamp|time|published|posted-on|updated|pubdate)(?=$|[\s_-])",
    re.IGNORECASE,
)
_SUBHEAD = re.compile(
    r"(?:^|[\s_-])(?:subhead(?:line)?|subtitle|standfirst|deck|dek|kicker|summary|sub-title"
    r"|lede-?summary|excerpt)(?=$|[\s_-])",
    re.IGNORECASE,
)


def role_of(element: Any) -> str:
    """What the markup says an element is; "" for text."""
    tag = element.tag
    if tag == "h1":
        return "headline"
    if tag == "figcaption":
        return "caption"
    if element.get("rel") == "author" or element.get("itemprop") == "author":
        return "byline"
    if tag == "time":
        return "stamp"
    marks = f"{element.get('class') or ''} {element.get('id') or ''}"
    if marks == " ":
        return ""
    if tag in (
        "p",
        "div",
        "span",
        "a",
        "address",
        "ul",
        "li",
        "header",
        "small",
        "cite",
        "em",
        "h2",
        "h3",
        "dd",
        "figure",
    ):
        small = tag not in ("div", "header", "figure", "ul") or len(element.findall(".//p")) <= 1
        for name, pattern in (
            ("caption", _CAPTION),
            ("byline", _BYLINE),
            ("stamp", _STAMP),
            ("subhead", _SUBHEAD),
        ):
            if small and pattern.search(marks):
                return name
    return ""
