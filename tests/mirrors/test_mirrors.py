"""Publishing to another folder, over SFTP (a real server in this process) and to S3 (a real server beside it)."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from s3_server import S3Server

import apps
from ports import free_port
from syndicate import operators
from syndicate.config import Settings
from syndicate.daemon.app import App
from syndicate.distribute.mirror_files import in_order, key_of, keys_under, local_file
from syndicate.errors import ConfigError, SyndicateError
from syndicate.ingest import desk
from syndicate.installed import load_settings
from syndicate.lanes import LaneState
from syndicate.notify.alarms import alarms
from syndicate.notify.teller import Teller
from syndicate.reports.lane_views import lane_views
from syndicate.reports.overview import overview
from syndicate.storage import MirrorFile
from syndicate.transports.mirrors.base import Label, MirrorError, label_of
from syndicate.transports.mirrors.registry import open_place

PACKED = 'encoding = "gzip"\ncompressed = false'
pytestmark = pytest.mark.anyio
IMPATIENT = '[network]\nconnect_timeout = "1s"\n[delivery]\nretry = ["1s"]\n'


def story(folder: Path, name: str, text: str) -> None:
    (folder / "stories").mkdir(exist_ok=True)
    (folder / "stories" / f"{name}.md").write_text(f"---\ntitle: {name}\nid: {name}\n---\n{text}\n")


def configured(folder: Path, publish: str, more: str = "", site: int = 9) -> Settings:
    more = f'formerly = ["newest"]\n{more}{publish}'
    base = f"http://127.0.0.1:{site}/"
    return load_settings(
        apps.configured(folder, more, publisher=IMPATIENT, desk='on_missing = "withdraw"', base=base)
    )


# -- the places ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def sftp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Settings of a real SFTP server; its files lie in the folder it names."""
    root = tmp_path_factory.mktemp("sftp")
    key, host_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    (root / "id").write_bytes(key.export_private_key())
    (root / "id").chmod(0o600)
    (root / "authorized").write_bytes(key.export_public_key())
    (root / "files").mkdir()

    def serve(channel: Any) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(root / "files"))

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host_key],
        authorized_client_keys=str(root / "authorized"), sftp_factory=serve,
    )  # fmt: skip
    port = server.sockets[0].getsockname()[1]
    (root / "known").write_text(f"[127.0.0.1]:{port} {host_key.export_public_key().decode()}")
    yield (
        f'type = "sftp"\nhost = "127.0.0.1"\nport = {port}\nuser = "news"\nkey = "{root}/id"\n'
        f'known_hosts = "{root}/known"\npath = "/htdocs"\n#{root}/files/htdocs'
    )
    server.close()
    await server.wait_closed()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    server = S3Server(free_port())
    yield server
    server.close()


def bucket(server: S3Server, prefix: str, more: str = "") -> str:
    keys = 'access_key = "AKIAEXAMPLE"\nsecret_key = "not-a-real-key"\n'
    return f'type = "s3"\nbucket = "bucket"\nprefix = "{prefix}"\nendpoint = "{server.url}"\n{keys}{more}'


def places(settings: Settings) -> Any:
    return open_place(settings.publish[0])


async def keeps_its_word(place: Any) -> None:
    label = Label("application/rss+xml; charset=utf-8", "public, max-age=300")
    assert await place.get("feeds/a/rss.xml") is None
    await place.put("feeds/a/rss.xml", b"one", label)
    await place.put("feeds/a/rss.xml", b"two", label)
    assert await place.get("feeds/a/rss.xml") == b"two"
    await place.delete("feeds/a/rss.xml")
    await place.delete("feeds/a/rss.xml")
    assert await place.get("feeds/a/rss.xml") is None
    await place.close()


async def test_a_folder_keeps_its_word(tmp_path: Path) -> None:
    settings = configured(tmp_path, f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{tmp_path}/there"\n')
    await keeps_its_word(places(settings))
    assert list((tmp_path / "there").rglob("*")) == []  # no half file, no empty folder


async def test_a_server_reached_by_ssh_keeps_its_word(tmp_path: Path, sftp: str) -> None:
    await keeps_its_word(places(configured(tmp_path, f'[[publish]]\nname = "x"\n{sftp}\n')))
    assert [f for f in Path(sftp.rpartition("#")[2]).rglob("*") if f.is_file()] == []


async def test_an_unknown_host_key_is_not_believed(tmp_path: Path, sftp: str) -> None:
    (tmp_path / "none").write_text("")
    text = sftp.replace("known_hosts", f'known_hosts = "{tmp_path}/none"\n#')
    place = places(configured(tmp_path, f'[[publish]]\nname = "x"\n{text}\n'))
    with pytest.raises(MirrorError) as told:
        await place.get("x")
    assert "known_hosts" in str(told.value.fix)


async def test_a_bucket_keeps_its_word_and_knows_its_headers(tmp_path: Path, s3: S3Server) -> None:
    place = places(configured(tmp_path, f'[[publish]]\nname = "x"\n{bucket(s3, "word")}\n'))
    await keeps_its_word(place)
    await place.put("feeds/a/atom.xml.gz", b"zipped", label_of("feeds/a/atom.xml.gz", 300))
    with urllib.request.urlopen(f"{s3.url}bucket/word/feeds/a/atom.xml.gz", timeout=60) as answer:
        assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["cache-control"] == "public, max-age=300"


async def test_a_bucket_that_is_not_there_tells_no_secret(tmp_path: Path, s3: S3Server) -> None:
    text = bucket(s3, "x").replace('bucket = "bucket"', 'bucket = "other"')
    with pytest.raises(MirrorError) as told:
        await places(configured(tmp_path, f'[[publish]]\nname = "x"\n{text}\n')).put(
            "k", b"x", Label("a/b", "c")
        )
    assert "other" in told.value.message
    assert "not-a-real-key" not in str(told.value)


def test_a_library_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("asyncssh", 'type = "sftp"\nhost = "x"'), ("obstore", 'type = "s3"\nbucket = "x"')):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(ConfigError) as told:
            places(configured(tmp_path, f'[[publish]]\nname = "x"\n{text}\n'))
        assert name in told.value.message
        assert "syndicate[elsewhere]" in str(told.value.fix)


# -- keeping in step -------------------------------------------------------------------------


def same(here: Path, there: Path) -> None:
    """Every public file stands there, byte for byte, and nothing else."""
    wanted = {key: (here / key.removeprefix("feeds/")).read_bytes() for key in keys_under(here)}
    found = {f.relative_to(there).as_posix(): f.read_bytes() for f in there.rglob("*") if f.is_file()}
    assert wanted == {k: v for k, v in found.items() if not k.startswith("_")}


async def test_a_round_puts_everything_there_and_the_next_only_what_changed(
    tmp_path: Path, sftp: str
) -> None:
    there = Path(sftp.rpartition("#")[2])
    settings = configured(tmp_path, f'[[publish]]\nname = "x"\n{sftp}\n')
    story(tmp_path, "one", "The bridge was opened on Sunday.")
    async with App(settings) as app:
        await app.once()
        same(tmp_path / "feeds", there)
        before = {f: f.stat().st_mtime_ns for f in there.rglob("*.xml")}
        await app.once()
        assert {f: f.stat().st_mtime_ns for f in there.rglob("*.xml")} == before
        with app.storage.read() as tx:
            (view,) = lane_views(tx, settings)
            attempts = tx.lanes.attempts(lane="mirror:x")
        assert (view.name, view.pending, view.state) == ("mirror:x", 0, LaneState.ACTIVE)
        assert len(attempts) == 1  # nothing changed: nothing was tried


async def test_a_withdrawn_story_leaves_there_as_well(tmp_path: Path) -> None:
    there = tmp_path / "there"
    settings = configured(tmp_path, f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{there}"\n')
    story(tmp_path, "one", "The bridge was opened on Sunday, to much applause.")
    story(tmp_path, "two", "The market moves to Thursday.")
    async with App(settings) as app:
        await app.once()
        assert any(b"applause" in f.read_bytes() for f in there.rglob("*.*"))
        with app.storage.write() as tx:
            found = tx.articles.by_identity([("id:desk", "one")])
            article = tx.articles.get(found) if found else None
            assert article
            desk.withdraw(tx, app.ingest.taking("desk"), article, "legal", now=app._clock())
        await app.once()
    same(tmp_path / "feeds", there)
    texts = [
        gzip.decompress(f.read_bytes()) if f.suffix == ".gz" else f.read_bytes() for f in there.rglob("*.*")
    ]
    assert not any(b"applause" in text for text in texts)


def withdraw(app: App, name: str) -> None:
    with app.storage.write() as tx:
        found = tx.articles.by_identity([("id:desk", name)])
        article = tx.articles.get(found) if found else None
        assert article
        desk.withdraw(tx, app.ingest.taking("desk"), article, "legal", now=app._clock())


def set_state(app: App, state: LaneState) -> None:
    with app.storage.write() as tx:
        lane = tx.lanes.named("mirror:x")
        assert lane
        tx.lanes.save(replace(lane, state=state))


def texts_of(folder: Path) -> list[bytes]:
    files = [f for f in folder.rglob("*") if f.is_file() and f.suffix in (".gz", ".xml", ".json", ".html")]
    return [gzip.decompress(f.read_bytes()) if f.suffix == ".gz" else f.read_bytes() for f in files]


@pytest.mark.parametrize("state", [LaneState.PAUSED, LaneState.DISABLED])
async def test_a_withdrawal_reaches_a_place_that_is_paused_or_stopped_and_nothing_new_does(
    tmp_path: Path, state: LaneState
) -> None:
    """The story had left the window before it was withdrawn: only the place's old copies still hold it."""
    there = tmp_path / "there"
    publish = f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{there}"\n'
    settings = configured(tmp_path, publish, "limit = 1\narchive = false\n")
    story(tmp_path, "one", "The bridge was opened on Sunday, to much applause.")
    async with App(settings) as app:
        await app.once()
        assert any(b"applause" in text for text in texts_of(there))
        set_state(app, state)
        story(tmp_path, "two", "The market moves to Thursday.")
        await app.once()
        assert not any(b"applause" in t for t in texts_of(tmp_path / "feeds/latest"))
        before = texts_of(there)
        assert any(b"applause" in text for text in before)
        assert not any(b"Thursday" in text for text in before), "nothing goes to a place that is paused"
        withdraw(app, "one")
        await app.once()
        assert not any(b"applause" in text for text in texts_of(there))
        pages = {f.parent.name for f in there.glob("feeds/stories/*/index.html")}
        assert len(pages) == 1, "a story's page that the place never had is not sent"
        with app.storage.read() as tx:
            lane, (view,) = tx.lanes.named("mirror:x"), lane_views(tx, settings)
            head = tx.mirrors.taken_back(settings.feeds)
            attempts = tx.lanes.attempts(lane="mirror:x")
        assert lane
        assert (lane.state, lane.position) == (state, head)
        assert view.pending > 0, "what is new waits"
        story(tmp_path, "three", "The library opens again.")
        await app.once()
        assert not any(b"library" in text for text in texts_of(there))
        with app.storage.read() as tx:
            assert len(tx.lanes.attempts(lane="mirror:x")) == len(attempts)
        set_state(app, LaneState.ACTIVE)
        await app.once()
    same(tmp_path / "feeds", there)


async def test_a_withdrawal_is_tried_at_once_at_a_place_that_backs_off_and_then_at_its_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from syndicate.transports.mirrors.folder import FolderPlace

    there, down = tmp_path / "there", False
    settings = configured(tmp_path, f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{there}"\n')
    real = FolderPlace.put
    tried: list[str] = []

    async def put(self: Any, key: str, body: bytes, label: Label) -> None:
        tried.append(key)
        await real(self, key, body, label)
        if down:
            raise MirrorError("no answer")  # it arrived all the same

    monkeypatch.setattr(FolderPlace, "put", put)
    ahead = timedelta(0)
    story(tmp_path, "one", "The bridge was opened on Sunday, to much applause.")
    async with App(settings, clock=lambda: datetime.now(UTC) + ahead) as app:
        await app.once()
        down = True
        story(tmp_path, "two", "The market moves to Thursday.")
        await app.once()
        arrived = tried[-1]
        assert "/stories/" in arrived, "begun, and nobody knows how it ended"
        assert (there / arrived).exists()
        begun = len(tried)
        await app.once()
        assert len(tried) == begun, "it backs off"
        set_state(app, LaneState.PAUSED)
        withdraw(app, "two")
        await app.once()
        assert len(tried) == begun + 1, "a new withdrawal is tried once all the same"
        await app.once()
        assert len(tried) == begun + 1
        ahead += timedelta(hours=2)
        with app.storage.read() as tx:
            found = [a.words for a in alarms(tx, settings, app._clock()) if a.ref == "mirror:x"]
        assert any("may still show what was withdrawn" in words for words in found)
        down = False
        await app.once()
        assert (there / arrived).read_bytes() == local_file(tmp_path / "feeds", arrived).read_bytes()
        with app.storage.read() as tx:
            assert not [a for a in alarms(tx, settings, app._clock()) if a.ref == "mirror:x"]


async def test_a_place_that_is_paused_hears_after_a_restart_of_what_was_withdrawn(tmp_path: Path) -> None:
    there = tmp_path / "there"
    settings = configured(tmp_path, f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{there}"\n')
    story(tmp_path, "one", "The bridge was opened on Sunday, to much applause.")
    async with App(settings) as app:
        await app.once()
        set_state(app, LaneState.PAUSED)
        withdraw(app, "one")
    async with App(settings) as app:
        await app.once()
    assert not any(b"applause" in text for text in texts_of(there))


class Cut(Exception):
    """The process died."""


async def test_what_a_crash_left_out_is_found_and_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there"
    settings = configured(tmp_path, f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{there}"\n')
    story(tmp_path, "one", "The bridge was opened on Sunday.")
    from syndicate.transports.mirrors.folder import FolderPlace

    real, count = FolderPlace.put, 0

    async def dies(self: Any, key: str, body: bytes, label: Label) -> None:
        nonlocal count
        count += 1
        if count > 5:
            raise Cut
        await real(self, key, body, label)

    monkeypatch.setattr(FolderPlace, "put", dies)
    app = App(settings)
    await app.__aenter__()
    with pytest.raises(Cut):
        await app.once()
    await app.__aexit__(None, None, None)
    monkeypatch.setattr(FolderPlace, "put", real)
    async with App(settings) as app:
        await app.once()
    same(tmp_path / "feeds", there)


async def test_a_place_that_fails_backs_off_and_is_shown(tmp_path: Path) -> None:
    blocked = tmp_path / "there"
    blocked.write_text("no folder")
    settings = configured(tmp_path, f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{blocked}"\n')
    story(tmp_path, "one", "The bridge was opened on Sunday.")
    async with App(settings) as app:
        await app.once()
        with app.storage.read() as tx:
            (view,) = lane_views(tx, settings)
        assert view.failures == 1
        assert view.pending > 5
        assert view.oldest is not None
        assert view.last_error
        blocked.unlink()
        with app.storage.write() as tx:
            lane = tx.lanes.named("mirror:x")
            assert lane
            tx.lanes.hurry(["mirror:x"], app._clock())
        await app.once()
        with app.storage.read() as tx:
            (view,) = lane_views(tx, settings)
        assert (view.failures, view.pending, view.last_error) == (0, 0, None)
    same(tmp_path / "feeds", blocked)


async def test_bytes_that_read_back_differently_are_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from syndicate.transports.mirrors.folder import FolderPlace

    async def half(self: Any, key: str) -> bytes:
        return b"half"

    monkeypatch.setattr(FolderPlace, "get", half)
    settings = configured(tmp_path, f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{tmp_path}/there"\n')
    async with App(settings) as app:
        await app.once()
        with app.storage.read() as tx:
            (view,) = lane_views(tx, settings)
    assert "other bytes" in str(view.last_error)


async def test_a_hub_is_told_only_when_the_bucket_shows_the_new_document(
    tmp_path: Path, s3: S3Server
) -> None:
    """Readers get documents from the bucket: its validators are not ours, so bytes decide."""
    told: list[bytes] = []

    async def hub(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0
        )
        told.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hub, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    rights = '[rights]\ntdm_reservation = true\nprohibits = ["ai-train"]\n'
    more = f'formats = ["rss"]\n{rights}[external_hubs.h]\nurl = "http://127.0.0.1:{port}/"\n'
    publish = f'[[publish]]\nname = "x"\n{bucket(s3, "hubbed", "headers_file = true")}\n'
    settings = configured(tmp_path, publish, more)
    address = f"{s3.url}bucket/hubbed/"
    settings = settings.model_copy(
        update={"publisher": settings.publisher.model_copy(update={"base_url": address})}
    )
    story(tmp_path, "one", "The bridge was opened on Sunday.")
    async with App(settings) as app:
        with app.storage.write() as tx:  # the place is paused: nothing new can be seen
            lane = tx.lanes.named("mirror:x")
            assert lane
            tx.lanes.save(replace(lane, state=LaneState.PAUSED))
        await app.once()
        assert told == []
        with app.storage.write() as tx:
            tx.lanes.save(replace(lane, state=LaneState.ACTIVE))
        await app.once()
        await app.parts.deliveries.hurry_hubs()
        await app.distributor.drain()
    server.close()
    assert len(told) == 1
    assert b"hub.mode=publish" in told[0]
    with urllib.request.urlopen(address + "_headers", timeout=60) as answer:
        text = answer.read().decode()
    licence = f'<{address}license.xml>; rel="license"; type="application/rsl+xml"'
    hubbed = f'<{address}feeds/latest/rss.xml>; rel="self", <http://127.0.0.1:{port}/>; rel="hub"'
    assert f"  Link: {hubbed}, {licence}\n" in text
    assert f'  Link: <{address}feeds.opml>; rel="self", {licence}\n' in text
    assert text.startswith("/*\n  tdm-reservation: 1\n")
    assert "  Cache-Control: public, max-age=300" in text
    with urllib.request.urlopen(address + "_redirects", timeout=60) as answer:
        assert b"/feeds/newest/* /feeds/latest/:splat 301" in answer.read()


async def test_a_bucket_may_keep_documents_packed_under_their_plain_names(
    tmp_path: Path, s3: S3Server
) -> None:
    publish = f'[[publish]]\nname = "x"\n{bucket(s3, "packed", PACKED)}\n'
    settings = configured(tmp_path, publish)
    story(tmp_path, "one", "The bridge was opened on Sunday.")
    async with App(settings) as app:
        await app.once()
    with urllib.request.urlopen(f"{s3.url}bucket/packed/feeds/latest/rss.xml", timeout=60) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(answer.read()) == (tmp_path / "feeds/latest/rss.xml").read_bytes()


# -- decisions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "key"),
    [("/", "index.html"), ("/feeds/a/", "feeds/a/index.html"), ("/feeds/a/rss.xml", "feeds/a/rss.xml")],
)
def test_keys_are_addresses(path: str, key: str) -> None:
    assert key_of(path) == key


def test_what_may_hold_a_withdrawn_text_goes_first_and_documents_come_after_their_pages() -> None:
    had = {"feeds/latest/rss.xml", "feeds/stories/old/index.html", "feeds/stories/gone/index.html"}
    keys = [*had, "feeds/latest/rss.xml.gz", "feeds/stories/new/index.html", "feeds/other/atom.xml"]
    files = [MirrorFile(key=k, digest="x" if k in had else None) for k in keys]
    order = [f.key for f in in_order(files, frozenset({"feeds/stories/gone/index.html"}))]
    assert order[:4] == [
        "feeds/stories/gone/index.html",
        "feeds/stories/old/index.html",
        "feeds/stories/new/index.html",
        "feeds/latest/rss.xml",
    ]
    many = [MirrorFile(key=f"feeds/stories/{n}/index.html") for n in range(60)]
    assert in_order([*many, *files], frozenset())[2].key == "feeds/latest/rss.xml"


@pytest.mark.parametrize("inside", ["feeds/there", "feeds", "."])
def test_a_place_inside_our_own_folder_is_refused(tmp_path: Path, inside: str) -> None:
    (tmp_path / "feeds").mkdir()
    settings = configured(
        tmp_path, f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{tmp_path}/{inside}"\n'
    )

    async def start() -> None:
        async with App(settings):
            pass

    with pytest.raises(ConfigError):
        asyncio.run(start())


def test_two_places_of_one_name_and_a_wrong_key_are_errors(tmp_path: Path) -> None:
    one = f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{tmp_path}/there"\n'
    with pytest.raises(SyndicateError, match="called 'x'"):
        configured(tmp_path, one + one)
    configured(tmp_path, one)
    file = tmp_path / "syndicate.toml"
    file.write_text(file.read_text() + 'hoost = "x"\n')
    with pytest.raises(ConfigError, match="hoost: unknown key"):
        load_settings(file)


async def test_people_are_told_of_a_place_that_was_stopped_and_when_it_goes_on(tmp_path: Path) -> None:
    blocked, letters = tmp_path / "there", tmp_path / "letters"
    blocked.write_text("no folder")
    letters.mkdir()
    keep = f"import sys; open('{letters}/' + str(len(__import__('os').listdir('{letters}'))), 'w').write(sys.stdin.read())"
    more = f'[notify]\ncommand = ["{sys.executable}", "-c", "{keep}"]\n'
    publish = f'[[publish]]\nname = "x"\ntype = "folder"\npath = "{blocked}"\n'
    settings = configured(tmp_path, publish, more)
    story(tmp_path, "one", "The bridge was opened on Sunday.")
    ahead = timedelta(0)
    async with App(settings, clock=lambda: datetime.now(UTC) + ahead) as app:

        async def told() -> dict[str, Any]:
            await Teller(app.storage, settings, app.client, app._clock).run()
            found = sorted(letters.iterdir(), key=lambda file: int(file.name))
            return json.loads(found[-1].read_text()) if found else {}

        await app.once()
        assert await told() == {}, "one failure is nobody's business"
        for _ in range(5):  # as often as it takes to be announced
            ahead += settings.delivery.disable_after * 0.12
            await app.parts.deliveries.mirrors.drain()
        (failing,) = (await told())["new"]
        assert (failing["kind"], failing["ref"]) == ("lane_failing", "mirror:x")
        assert "it stops at" in failing["words"]
        ahead += settings.delivery.disable_after * 0.6
        await app.parts.deliveries.mirrors.drain()
        said = await told()
        (stopped,) = said["new"]
        assert (stopped["kind"], stopped["ref"]) == ("lane_stopped", "mirror:x")
        assert "mirror:x was stopped" in stopped["words"]
        assert "syndicate lanes resume mirror:x" in stopped["fix"]
        assert "nothing new goes there, only withdrawals" in stopped["fix"]
        assert [over["kind"] for over in said["over"]] == ["lane_failing"]
        view = overview(app.storage, settings, app._clock())
        assert any("lanes that were stopped: mirror:x" in need for need in view.needs)
        blocked.unlink()
        with app.storage.write() as tx:
            lane = tx.lanes.named("mirror:x")
            assert lane
            assert operators.resume(tx, lane, by=operators.Actor("amina", "command"), now=app._clock())
        await app.parts.deliveries.mirrors.drain()
        assert [over["kind"] for over in (await told())["over"]] == ["lane_stopped"]
    same(tmp_path / "feeds", blocked)
