"""deploy/wordpress/syndicate-feed-moved.php: readers of the site's own feed are led to ours, and nobody else is."""

from __future__ import annotations

import urllib.error
import urllib.request

from rig import WordPress

FEED = "https://feeds.example.org/feeds/latest/rss.xml"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def answer(site: WordPress, path: str) -> tuple[int, str | None]:
    try:
        with urllib.request.build_opener(_Stay).open(site.url + path, timeout=120) as found:
            return found.status, None
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location")


def test_the_main_feed_is_led_away_for_good_and_the_others_stay(wordpress: WordPress) -> None:
    wordpress.clear()
    wordpress.post("One", "<p>Text.</p>", categories=["Water"])
    theme = "add_action( 'after_setup_theme', fn() => add_theme_support( 'automatic-feed-links' ) );"
    with wordpress.plugin("syndicate-feed-moved", theme, SYNDICATE_FEED=FEED):
        for path in ("feed/", "feed/rss2/", "feed/atom/", "?feed=rss2"):
            assert answer(wordpress, path) == (301, FEED), path
        for path in ("category/water/feed/", "comments/feed/", "", "wp-json/wp/v2/posts"):
            assert answer(wordpress, path)[0] == 200, path
        assert f'href="{FEED}"'.encode() in wordpress.get("")
