"""``check``: what a configuration points at, and what would come of its stories."""

from __future__ import annotations

import json
import re
import socket
import tomllib
from pathlib import Path
from typing import Any

import pytest
from newsroom_cli import CONFIG, HEADER, KEY, SECRET, Newsroom, write_story

from ports import free_port
from syndicate.passwords import hashed
from syndicate.storage.lock import Ownership

EXAMPLE = Path(__file__).parents[2] / "examples/newsroom"


def findings(newsroom: Newsroom) -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = newsroom.run("check", "--json")
    return status, json.loads(out)["findings"]


def rewrite(newsroom: Newsroom, before: str, after: str) -> None:
    text = CONFIG.format(folder=newsroom.folder, key=KEY, secret=SECRET, header=HEADER)
    assert before in text
    newsroom.file.write_text(text.replace(before, after), encoding="utf-8")


def at(found: list[dict[str, Any]], where: str) -> dict[str, Any]:
    return next(f for f in found if f["where"].startswith(where))


def test_a_story_that_was_left_out_is_an_error_with_its_fix(newsroom: Newsroom) -> None:
    status, found = findings(newsroom)
    assert status == 1
    errors = [f for f in found if f["severity"] == "error"]
    assert [(f["where"], f["rule"]) for f in errors] == [("desk: empty.md", "source")]
    assert errors[0]["fix"]


def test_a_newsroom_in_order_has_no_errors(newsroom: Newsroom) -> None:
    (newsroom.folder / "stories" / "empty.md").unlink()
    newsroom.run("build")
    status, found = findings(newsroom)
    assert [f for f in found if f["severity"] == "error"] == []
    assert status == 0
    assert at(found, "publisher.base_url")["rule"] == "address"  # loopback: readers cannot get there


def test_before_the_first_build_there_is_nothing_to_look_at_and_nothing_is_made(bare: Newsroom) -> None:
    status, found = findings(bare)
    assert status == 0
    assert at(found, "storage.url")["severity"] == "warning"
    assert not bare.database.exists()


def test_a_folder_that_is_not_there_is_an_error(newsroom: Newsroom) -> None:
    rewrite(newsroom, "/stories", "/stroies")
    status, found = findings(newsroom)
    assert status == 1
    assert at(found, "sources.desk.path")["severity"] == "error"


def test_a_folder_that_cannot_be_written_is_an_error(newsroom: Newsroom) -> None:
    (newsroom.folder / "file").write_text("in the way")
    rewrite(newsroom, '/feeds"', '/file/feeds"')
    assert at(findings(newsroom)[1], "output.path")["severity"] == "error"


def test_a_port_that_is_taken_is_an_error_unless_the_daemon_has_it(newsroom: Newsroom) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        rewrite(newsroom, "[web]\nport = 0", f"[web]\nport = {taken.getsockname()[1]}")
        assert "taken" in at(findings(newsroom)[1], "web.port")["message"]
        storage = newsroom.storage()
        with Ownership(storage):
            found = findings(newsroom)[1]
        storage.close()
        assert [f for f in found if f["where"] == "web.port"] == []


def test_one_port_for_both_listeners_is_an_error(newsroom: Newsroom) -> None:
    port = free_port()
    rewrite(newsroom, "[web]\nport = 0\n[ops]\nport = 0", f"[web]\nport = {port}\n[ops]\nport = {port}")
    assert at(findings(newsroom)[1], "ops.port")["severity"] == "error"


def test_a_filter_that_matches_nothing_is_said(newsroom: Newsroom) -> None:
    rewrite(newsroom, '["Sport"]', '["Spotr"]')
    newsroom.run("build")
    found = at(findings(newsroom)[1], "feeds.sport")
    assert found["rule"] == "match"
    assert "Spotr" in found["fix"]


def test_secrets_that_everyone_can_read_are_said(newsroom: Newsroom) -> None:
    secret = newsroom.folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    rewrite(newsroom, f'["{SECRET}"]', f'[{{ file = "{secret}" }}]')
    newsroom.file.chmod(0o600)
    assert [f for f in findings(newsroom)[1] if f["rule"] == "secret"] == []
    secret.chmod(0o644)
    (found,) = [f for f in findings(newsroom)[1] if f["rule"] == "secret"]
    assert str(secret) in found["message"]
    newsroom.file.chmod(0o644)  # the header's value stands in the configuration itself
    assert len([f for f in findings(newsroom)[1] if f["rule"] == "secret"]) == 2


def test_addresses_without_encryption_are_said(newsroom: Newsroom) -> None:
    rewrite(newsroom, "http://127.0.0.1:9/hub", "http://192.0.2.1/hub")
    found = at(findings(newsroom)[1], "external_hubs.hub.url")
    assert "192.0.2.1" in found["message"]
    assert found["fix"] == "use https://"


DEMO = tomllib.loads((EXAMPLE / "syndicate.toml").read_text("utf-8"))["ops"]["users"]["demo"]["password"]


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        ("", False),
        ("[ops]\nhost = '0.0.0.0'\n", True),
        ("[web]\nhost = '0.0.0.0'\n", True),
        ("base_url = 'https://times.example.org/'\n", True),
    ],
)
def test_the_examples_password_is_no_password_where_others_may_come(
    newsroom: Newsroom, words: str, warned: bool
) -> None:
    user = f'[ops.users.desk]\npassword = "{DEMO}"\n[ops.users.amina]\npassword = "{hashed("another one entirely")}"\n'
    text = newsroom.file.read_text(encoding="utf-8")
    if words.startswith("base_url"):
        text = re.sub(r"(?m)^base_url.*\n", "", text).replace("[publisher]\n", f"[publisher]\n{words}")
    elif words:
        table, line = words.splitlines()
        text = text.replace(f"{table}\n", f"{table}\n{line}\n") if table in text else f"{text}\n{words}"
    newsroom.file.write_text(f"{text}\n{user}", encoding="utf-8")
    _, found = findings(newsroom)
    said = [f for f in found if f["rule"] == "login"]
    assert [f["where"] for f in said] == (["ops.users.desk.password"] if warned else [])
    assert all(f["severity"] == "warning" and "syndicate ops password" in f["fix"] for f in said)


def test_a_story_on_hold_is_said(newsroom: Newsroom) -> None:
    text = "KABUL (Reuters) - Two wells were dug on Monday, an official said.\n\nMore will follow. (AFP)\n"
    write_story(newsroom.folder, "two.md", f"---\ntitle: Two wells\n---\n{text}")
    newsroom.run("build")
    (held,) = [f for f in findings(newsroom)[1] if f["rule"] == "hold"]
    assert "Two wells" in held["where"]
    assert "articles edit" in held["fix"]


@pytest.mark.parametrize("part", ["fragment", "ninjs"])
def test_a_story_that_cannot_be_rendered_is_named_with_its_rule(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    from syndicate.errors import StoryError

    def refuse(*_: Any, **__: Any) -> bytes:
        raise StoryError("the address is no address", fix="mend `url`")

    where = "syndicate.formats.rss.Rss.fragment" if part == "fragment" else "syndicate.site.ninjs"
    monkeypatch.setattr(where, refuse)
    found = findings(newsroom)[1]
    hit = at(found, "feeds.latest rss:" if part == "fragment" else "partners.gazette:")
    assert hit["severity"] == "error"
    assert hit["rule"] == ("rss" if part == "fragment" else "ninjs")
    assert hit["fix"] == "mend `url`"


def test_a_text_that_breaks_a_rule_is_named_with_its_story(newsroom: Newsroom) -> None:
    from dataclasses import replace
    from datetime import UTC, datetime

    name = newsroom.id("bridge")
    storage = newsroom.storage()
    with storage.write() as tx:
        article = tx.articles.get(name)
        assert article
        story = replace(article.story, markup='<p><a href="/relative">A bridge</a> of stone.</p>')
        after = replace(article, story=story, revision=2)
        tx.articles.save(after, draft_digest=None, cause="edit", at=datetime.now(UTC))
    storage.close()
    hit = at(findings(newsroom)[1], f"feeds.latest rss: {name[:8]}")
    assert hit["rule"] == "X6"


def test_a_wrong_configuration_ends_with_two(newsroom: Newsroom) -> None:
    newsroom.configure("\n[feeds.latest2]\ntitel = 'x'\n")
    status, _, err = newsroom.run("check")
    assert status == 2
    assert "titel" in err


PICTURED = """---
title: A picture of the bridge
id: pictured
published: 2026-03-03T08:00:00+04:30
language: en
agency: Pajhwok Afghan News
image:
  url: https://times.example.org/bridge.jpg
  redistributable: {passes}
---
The old bridge over the river was drawn by a girl of nine years, who won a prize for it on Tuesday.
"""


@pytest.mark.parametrize(
    ("terms", "passes", "rule", "words", "fix"),
    [
        ("", "false", "rights", "do not let it pass on", "redistributable"),
        ("pictures = false", "true", "rights", "this partner gets no pictures", "[partners.outlet]"),
        ('delay = "3650d"', "true", "delay", "not before", "delay in [partners.outlet]"),
        ("[agencies.pajhwok]\nfull_text = false", "true", "agency", "an excerpt only", "full_text"),
        ("[agencies.pajhwok]\npictures = false", "true", "rights", "keep its pictures back", "[agencies]"),
    ],
)
def test_what_a_partner_does_not_get_is_named_with_rule_and_fix(
    newsroom: Newsroom, terms: str, passes: str, rule: str, words: str, fix: str
) -> None:
    from newsroom_cli import write_story

    write_story(newsroom.folder, "pictured.md", PICTURED.format(passes=passes))
    newsroom.configure(f'\n[partners.outlet]\nfeeds = ["latest"]\n{terms}\n')
    newsroom.run("build")
    _, out, _ = newsroom.run("check", "--json")
    where = f"partners.outlet: {newsroom_id(newsroom)} A picture of the bridge"
    mine = [f for f in json.loads(out)["findings"] if f["where"] == where and f["rule"] == rule]
    assert len(mine) == 1, out
    assert mine[0]["severity"] == "note"
    assert words in mine[0]["message"]
    assert fix in mine[0]["fix"]


def newsroom_id(newsroom: Newsroom) -> str:
    storage = newsroom.storage()
    with storage.read() as tx:
        found = tx.articles.by_identity((("id:desk", "pictured"),))
    storage.close()
    assert found
    return found[:8]
