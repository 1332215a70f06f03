"""``status``, ``config`` and ``feeds``."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import Callable

import pytest
from newsroom_cli import HEADER, KEY, SECRET, Newsroom, write_story

from syndicate.cli.main import run
from syndicate.config.show import masked_address, to_toml
from syndicate.storage.lock import Ownership

SECRETS = (SECRET, HEADER, KEY)


def test_status_is_one_screen_and_says_what_needs_an_operator(newsroom: Newsroom) -> None:
    newsroom.refuse("bridge")
    status, out, err = newsroom.run("status")
    assert status == 1
    for words in (
        "no daemon is running",
        "3 usable",
        "desk: read",
        "latest: 3 stories",
        "gazette/main",
        "422",
    ):
        assert words in out
    assert "needs you: problems: 1" in err
    assert "needs you: stories that were refused: 1" in err
    assert "\x1b[" not in out


def test_status_is_well_when_nothing_is_wrong(newsroom: Newsroom) -> None:
    (newsroom.folder / "stories" / "empty.md").unlink()
    newsroom.run("run", "--once")
    told = newsroom.json("status")  # a receiver that is down is tried again by itself
    assert told["needs"] == []
    assert told["running"] is False
    assert told["articles"] == {"usable": 3, "on_hold": 0}
    assert {f["slug"]: f["entries"] for f in told["feeds"]} == {"latest": 3, "sport": 1}
    assert told["attempts"]["retry"] >= 1


def test_status_says_when_a_source_fails(newsroom: Newsroom) -> None:
    (newsroom.folder / "stories").rename(newsroom.folder / "elsewhere")
    newsroom.run("build")
    status, out, err = newsroom.run("status")
    assert status == 1
    assert "failed 1 times" in out
    assert "desk" in err


def test_status_knows_a_daemon(newsroom: Newsroom) -> None:
    storage = newsroom.storage()
    with Ownership(storage):
        _, out, _ = newsroom.run("status", "--json")
    storage.close()
    assert json.loads(out)["running"] is True


def test_status_without_a_database_says_what_to_do(bare: Newsroom) -> None:
    status, _, err = bare.run("status")
    assert status == 1
    assert "db upgrade" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["config", "show"],
        ["config", "schema"],
        ["lanes", "list"],
        ["deliveries", "list"],
        ["check"],
        ["partners", "list"],
    ],
)
@pytest.mark.parametrize("machine", [[], ["--json"]])
def test_no_secret_is_ever_shown(newsroom: Newsroom, arguments: list[str], machine: list[str]) -> None:
    newsroom.run("run", "--once")
    _, out, err = newsroom.run(*arguments, *machine)
    assert out
    assert [s for s in SECRETS if s in out + err] == []


def test_no_secret_is_shown_in_an_error_of_the_configuration(bare: Newsroom) -> None:
    bare.configure(
        '\n[partners.other]\nfeeds = ["latest"]\n[partners.other.endpoints.main]\n'
        f'type = "webhook"\nurl = "http://127.0.0.1:9/{KEY}"\nsecrets = ["{SECRET[:20]}"]\n'
    )
    status, out, err = bare.run("config", "show")
    assert status == 2
    assert "partners.other.endpoints.main" in err
    assert SECRET[:20] not in out + err


# -- config -----------------------------------------------------------------------------


def test_the_effective_settings_are_toml_that_can_be_read(newsroom: Newsroom) -> None:
    _, out, _ = newsroom.run("config", "show")
    shown = tomllib.loads(out)
    assert shown["publisher"]["name"] == "The Pashtun Times"
    assert shown["web"]["cache"] == "5m"  # a default
    assert shown["feeds"]["sport"]["match"] == {"section": ["Sport"]}
    assert shown["partners"]["gazette"]["endpoints"]["main"]["secrets"] == ["********"]
    assert shown["partners"]["gazette"]["endpoints"]["main"]["headers"] == {"Authorization": "********"}


def test_the_settings_for_machines_are_the_same(newsroom: Newsroom) -> None:
    _, out, _ = newsroom.run("config", "show")
    told = newsroom.json("config", "show")
    assert told["feeds"]["latest"]["title"] == tomllib.loads(out)["feeds"]["latest"]["title"] == "Latest"


def test_the_schema_knows_every_kind_of_source(newsroom: Newsroom) -> None:
    text = json.dumps(newsroom.json("config", "schema"))
    assert "FolderOptions" in text
    assert "WebhookOptions" in text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:word@host.example/a?b=c&d", "https://********@host.example/a?b=********&d=********"),
        ("https://host.example/a?justakey", "https://host.example/a?justakey=********"),
        ("https://host.example/a", "https://host.example/a"),
        ("not an address?b=c", "not an address?b=c"),
    ],
)
def test_what_an_address_carries_of_a_secret_is_masked(address: str, shown: str) -> None:
    assert masked_address(address) == shown


def test_any_text_survives_toml() -> None:
    values = {"a b": 'say "no"\n\x7f\t\\', "n": {"k.k": [1, True, "پښتو"], "none": None, "t": [{"x": 1}]}}
    expected = {"a b": 'say "no"\n\x7f\t\\', "n": {"k.k": [1, True, "پښتو"], "t": [{"x": 1}]}}
    assert tomllib.loads(to_toml(values)) == expected


def test_a_missing_configuration_is_wrong_usage(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--config", f"{tmp_path}/none.toml", "config", "show"]) == 2
    assert "--config" in capsys.readouterr().err


# -- feeds ------------------------------------------------------------------------------


def test_feeds_are_listed_with_their_addresses(newsroom: Newsroom) -> None:
    latest, sport = newsroom.json("feeds", "list")
    assert (latest["entries"], latest["version"], latest["behind"]) == (3, 1, False)
    assert latest["addresses"]["atom"] == "http://127.0.0.1:8080/feeds/latest/atom.xml"
    assert sport["formats"] == ["rss"]


def test_our_own_documents_are_in_order(newsroom: Newsroom) -> None:
    for name, kind in (("rss.xml", "rss"), ("atom.xml", "atom"), ("feed.json", "json")):
        told = newsroom.json("feeds", "validate", str(newsroom.folder / "feeds" / "latest" / name))
        assert (told["kind"], told["errors"]) == (kind, 0)


def test_a_broken_document_is_a_finding_with_line_and_rule(newsroom: Newsroom) -> None:
    file = newsroom.folder / "broken.xml"
    file.write_text(newsroom.document("latest").replace("<guid", "<guide").replace("</guid", "</guide"))
    status, out, _ = newsroom.run("feeds", "validate", str(file))
    assert status == 1
    assert "error R2" in out
    assert "line " in out


def test_a_document_is_fetched_by_its_address(newsroom: Newsroom) -> None:
    text = newsroom.document("latest").encode()
    answers = {"/good": (200, text), "/moved": (301, b"")}
    status, out, err = served(answers, lambda at: newsroom.run("feeds", "validate", f"{at}/good"))
    assert (status, "in order" in out) == (0, True), err
    status, _, err = served(answers, lambda at: newsroom.run("feeds", "validate", f"{at}/moved"))
    assert status == 1
    assert "301" in err
    assert "/new" in err


def served(
    answers: dict[str, tuple[int, bytes]], act: Callable[[str], tuple[int, str, str]]
) -> tuple[int, str, str]:
    """Run ``act`` beside a little server on loopback; the command has an event loop of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        status, body = answers[request.split()[1].decode()]
        head = f"HTTP/1.1 {status} OK\r\nLocation: /new\r\nContent-Length: {len(body)}\r\nConnection: close"
        writer.write(f"{head}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async def both() -> tuple[int, str, str]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await asyncio.to_thread(act, f"http://127.0.0.1:{port}")

    return asyncio.run(both())


def test_x4_a_move_that_keeps_ids_shows_nothing_again(newsroom: Newsroom) -> None:
    told = newsroom.json("feeds", "compare", str(newsroom.folder / "feeds/latest/atom.xml"), "latest")
    assert told == {"same": 3, "again": [], "new": 0, "gone": 0}


OLD = """<rss version="2.0"><channel><title>Old</title>
<item><title>Something else</title><link>http://www.times.example.org/bridge/?utm_source=x#top</link>
  <guid isPermaLink="false">old-7</guid></item>
<item><title>THE CUP goes to  the north</title><link>https://old.example/9</link></item>
<item><title>Never seen here</title><guid>old-1</guid></item>
</channel></rss>"""


def test_x4_a_move_that_changes_ids_names_the_stories_seen_again(newsroom: Newsroom) -> None:
    file = newsroom.folder / "old.xml"
    file.write_text(OLD)
    status, out, _ = newsroom.run("feeds", "compare", str(file), "latest", "--json")
    told = json.loads(out)
    assert status == 1
    assert (told["same"], told["new"], told["gone"]) == (0, 1, 1)
    assert [(a["old_id"], a["matched_by"]) for a in told["again"]] == [
        ("https://old.example/9", "title"),
        ("old-7", "link"),
    ]
    _, out, _ = newsroom.run("feeds", "compare", str(file), "latest")
    assert 'ids = "source"' in out


def test_old_feeds_may_be_json_and_must_be_feeds(newsroom: Newsroom) -> None:
    told = newsroom.json("feeds", "compare", str(newsroom.folder / "feeds/latest/feed.json"), "latest")
    assert told["same"] == 3
    for wrong in ("<html/>", "{}", "no feed"):
        file = newsroom.folder / "wrong"
        file.write_text(wrong)
        assert newsroom.run("feeds", "compare", str(file), "latest")[0] == 1
    assert newsroom.run("feeds", "compare", str(newsroom.folder / "none"), "latest")[0] == 1
    assert newsroom.run("feeds", "compare", str(file), "no-such-feed")[0] == 1


def test_colours_are_left_out_where_no_color_is_set(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_story(newsroom.folder, "x.md", "---\ntitle: x\n---\n")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")  # whatever terminal the tests run in
    assert "\x1b[3" in newsroom.run("status")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in newsroom.run("status")[1]
