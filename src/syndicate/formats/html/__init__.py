"""Pages for people: all feeds, one feed, and stories that have no address of their own.

No script, nothing of another host but pictures, no XSLT (rule H8). Whatever
is not an entry's own sanitised markup is escaped.
"""

from syndicate.formats.html.feed import Teasers, feed_page, joined_page
from syndicate.formats.html.house import House, Section
from syndicate.formats.html.index import Line, index_page, line_of
from syndicate.formats.html.story import story_page

__all__ = [
    "House",
    "Line",
    "Section",
    "Teasers",
    "feed_page",
    "index_page",
    "joined_page",
    "line_of",
    "story_page",
]
