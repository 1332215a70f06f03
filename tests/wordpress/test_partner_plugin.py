"""deploy/wordpress/syndicate-partner.php: a real WordPress takes a publisher's stories from its journal."""

from __future__ import annotations

import asyncio
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pulldaemon import Outlet, outlet
from rig import WordPress

from apps import run

PARTNERS = '[partners.gazette]\nfeeds = ["latest"]\nconfirm = "removed"\n'
# WordPress fetches pictures from public hosts only; the test's stand on loopback.
NEAR = "add_filter( 'http_request_host_is_external', '__return_true' ); add_filter( 'http_allowed_safe_ports', fn( $p ) => array_merge( $p, array( {port} ) ) );"


@pytest.fixture(scope="module")
def pictures() -> Iterator[int]:
    """A server that has one picture; its port."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = _png()
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\x80\x40\x20" * 16 for _ in range(16)))
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def fetched(site: WordPress) -> dict[str, dict[str, Any]]:
    """One run of the plugin; afterwards the posts by title."""
    code = """
        Syndicate\\Partner\\fetch();
        $found = array();
        foreach ( get_posts( array( 'post_status' => array( 'publish', 'draft', 'trash' ), 'numberposts' => -1 ) ) as $p ) {
            $picture = get_post( get_post_thumbnail_id( $p->ID ) );
            $found[ $p->post_title ] = array( 'id' => $p->ID, 'status' => $p->post_status, 'text' => $p->post_content,
                'date' => $p->post_date_gmt, 'sections' => wp_get_post_categories( $p->ID, array( 'fields' => 'names' ) ),
                'canonical' => wp_get_canonical_url( $p->ID ), 'picture' => has_post_thumbnail( $p ) ? $picture->post_excerpt : null );
        }
        return $found ? $found : new \\stdClass();
    """
    told: dict[str, dict[str, Any]] = await asyncio.to_thread(site.php, code)
    return told


def tried(
    wordpress: WordPress, folder: Path, port: int, test: Callable[[Outlet], Any], **constants: str
) -> None:
    """A test with the plugin fetching from an outlet; it begins with a site that is empty."""

    async def go() -> None:
        wordpress.clear()
        async with outlet(folder, partners=PARTNERS) as made:
            journal, token = made.path("gazette", ""), made.token("gazette")
            with wordpress.plugin(
                "syndicate-partner", NEAR.format(port=port),
                SYNDICATE_JOURNAL=journal, SYNDICATE_TOKEN=token, **constants,
            ):  # fmt: skip
                await test(made)

    run(go())


def test_stories_come_with_credit_section_and_picture(
    wordpress: WordPress, tmp_path: Path, pictures: int
) -> None:
    async def test(made: Outlet) -> None:
        image = f"{{url: 'http://127.0.0.1:{pictures}/a.png', caption: The bridge, credit: A. Safi, redistributable: true}}"
        given = {"section": "Roads", "image": image}
        await made.publish("one", words="KABUL (Pajhwok): It is open.\n\n-Pajhwok", **given)
        for name in ("two", "three"):
            await made.publish(name)
        found = await fetched(wordpress)
        assert set(found) == {"About one", "About two", "About three"}
        one = found["About one"]
        assert (one["status"], one["sections"]) == ("draft", ["Roads"])
        assert "Pajhwok Afghan News" in one["text"]
        assert one["picture"] == "The bridge — A. Safi"
        assert await fetched(wordpress) == found  # nothing new, nothing twice

    tried(wordpress, tmp_path, pictures, test)


def test_corrections_come_and_withdrawals_remove_the_words_and_are_confirmed(
    wordpress: WordPress, tmp_path: Path, pictures: int
) -> None:
    async def test(made: Outlet) -> None:
        image = f"{{url: 'http://127.0.0.1:{pictures}/a.png', redistributable: true}}"
        await made.publish("one", image=image, url="https://hill.example.org/one")
        before = (await fetched(wordpress))["About one"]
        assert (before["status"], before["picture"]) == ("publish", "")
        assert before["canonical"] == "https://hill.example.org/one"
        await made.publish(
            "one",
            words="What was said before is wrong; this is right.",
            image=image,
            url="https://hill.example.org/one",
        )
        after = (await fetched(wordpress))["About one"]
        assert (after["id"], after["status"], after["date"]) == (before["id"], "publish", before["date"])
        assert "this is right" in after["text"]
        await made.withdraw("one")
        gone = (await fetched(wordpress))["About one"]
        assert (gone["status"], gone["text"], gone["picture"]) == ("trash", "", None)
        left = await asyncio.to_thread(
            wordpress.php,
            "global $wpdb; return $wpdb->get_var( \"SELECT COUNT(*) FROM $wpdb->posts WHERE post_content LIKE '%this is right%'\" );",
        )
        assert int(left) == 0
        with made.app.storage.read() as tx:
            assert [ack.action for ack in tx.pulls.acks(partner="gazette")] == ["removed"]

    tried(wordpress, tmp_path, pictures, test, SYNDICATE_STATUS="publish")


def test_what_an_editor_threw_away_does_not_come_back(
    wordpress: WordPress, tmp_path: Path, pictures: int
) -> None:
    async def test(made: Outlet) -> None:
        for name in ("one", "two"):
            await made.publish(name)
        found = await fetched(wordpress)
        await asyncio.to_thread(wordpress.trash, found["About one"]["id"])
        await asyncio.to_thread(wordpress.delete, found["About two"]["id"])
        for name in ("one", "two"):
            await made.publish(name, words="It says something else now, and says it at length.")
        found = await fetched(wordpress)
        assert {title: post["status"] for title, post in found.items()} == {"About one": "trash"}

    tried(wordpress, tmp_path, pictures, test)


def test_a_publisher_that_is_away_or_refuses_costs_nothing(
    wordpress: WordPress, tmp_path: Path, pictures: int
) -> None:
    async def test(made: Outlet) -> None:
        await made.publish("one")
        await made.app.server.stop()
        assert await fetched(wordpress) == {}
        await made.app.serve()
        assert set(await fetched(wordpress)) == {"About one"}

    tried(wordpress, tmp_path, pictures, test)
