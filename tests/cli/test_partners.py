"""Partners: their terms, and who was offered, took and confirmed what."""

from __future__ import annotations

from datetime import UTC, datetime

from newsroom_cli import HEADER, KEY, SECRET, Newsroom

from syndicate.config import Secret, check_signing_secret
from syndicate.distribute.cursors import Ask
from syndicate.distribute.pull_books import Page, PullBooks
from syndicate.editorial import Directory
from syndicate.installed import load_settings
from syndicate.keyring import make_token
from syndicate.lanes import LaneKind
from syndicate.site import Site
from syndicate.storage import Scope


def pull(newsroom: Newsroom, *, twice: bool = False) -> list[str]:
    """The gazette's programme asks for all there is; ``twice``: and shows that it has it."""
    storage = newsroom.storage()
    given = load_settings(newsroom.file)
    books = PullBooks(storage, given, Site(given, Directory.build({})), lambda: datetime.now(UTC))
    page = books.pages([("gazette", Ask())])[0]
    assert isinstance(page, Page)
    if twice:
        books.pages([("gazette", Ask(after=page.next))])
    storage.close()
    return [story.decode() for story in page.stories]


def confirm(newsroom: Newsroom, name: str, version: int) -> None:
    storage, given = newsroom.storage(), load_settings(newsroom.file)
    books = PullBooks(storage, given, Site(given, Directory.build({})), lambda: datetime.now(UTC))
    with storage.write() as tx:
        _, token = make_token(tx, Scope.PARTNER, "gazette", "the CMS", datetime.now(UTC))
    books.confirm("gazette", token, newsroom.id(name), version, None)
    storage.close()


def test_a_partner_that_never_pulled_says_so(newsroom: Newsroom) -> None:
    found = newsroom.json("partners", "show", "gazette")
    assert found["pull"] is None
    assert found["feeds"] == ["latest"]
    status, out, _ = newsroom.run("partners", "show", "gazette")
    assert status == 0
    assert "it never pulled" in out
    assert "confirms a takedown by taking the withdrawal; contact desk@gazette.example" in out
    for secret in (SECRET, HEADER, KEY):
        assert secret not in out + str(found)


def test_what_it_was_offered_and_took_is_on_file(newsroom: Newsroom) -> None:
    assert len(pull(newsroom)) == 3
    served = newsroom.json("partners", "show", "gazette")["pull"]
    assert (served["offered"], served["served"], served["taken"]) == (3, 3, 0)
    holder = next(
        h for h in newsroom.json("articles", "show", newsroom.id("bridge"))["holders"] if h["kind"] == "pull"
    )
    assert (holder["partner"], holder["offered"], holder["acked"]) == ("gazette", 1, 0)
    pull(newsroom, twice=True)
    assert newsroom.json("partners", "show", "gazette")["pull"]["taken"] == 3
    _, out, _ = newsroom.run("articles", "show", newsroom.id("bridge"))
    assert "gazette (pull): offered revision 1" in out
    assert "took revision 1" in out


def test_a_takedown_is_open_until_it_is_confirmed(newsroom: Newsroom) -> None:
    pull(newsroom)
    newsroom.run("articles", "withdraw", newsroom.id("bridge"), "--reason", "wrong", "--yes")
    open_ones = newsroom.json("partners", "show", "gazette")["unconfirmed"]
    assert [(t["revision"], t["told"]) for t in open_ones] == [(2, None)]
    pull(newsroom, twice=True)
    assert newsroom.json("partners", "show", "gazette")["unconfirmed"][0]["told"]
    _, out, _ = newsroom.run("partners", "show", "gazette")
    assert "takedowns it has not confirmed in its own word" in out
    assert "took the withdrawal" in out
    confirm(newsroom, "bridge", 2)
    found = newsroom.json("partners", "show", "gazette")
    assert found["unconfirmed"] == []
    assert [(a["action"], a["label"]) for a in found["confirmed"]] == [("removed", "the CMS")]
    _, out, _ = newsroom.run("articles", "show", newsroom.id("bridge"))
    assert "gazette: removed revision 2" in out
    assert "'the CMS'" in out


def test_lanes_list_shows_what_is_sent_and_no_pulling(newsroom: Newsroom) -> None:
    before = {v["name"] for v in newsroom.json("lanes", "list")}
    pull(newsroom)
    assert {v["name"] for v in newsroom.json("lanes", "list")} == before
    assert newsroom.run("lanes", "pause", "pull:gazette")[0] == 1


def test_an_unknown_partner_names_the_known(newsroom: Newsroom) -> None:
    status, _, err = newsroom.run("partners", "show", "gazete")
    assert status == 1
    assert "gazette" in err


def test_a_secret_is_made_once_for_its_owner_alone(newsroom: Newsroom) -> None:
    file = newsroom.folder / "secrets" / "gazette"
    status, out, _ = newsroom.run("partners", "secret", str(file))
    assert status == 0
    text = file.read_text()
    assert check_signing_secret(Secret(text.strip()))
    assert file.stat().st_mode & 0o777 == 0o600
    assert text.strip() not in out
    assert newsroom.run("partners", "secret", str(file))[0] == 2
    assert file.read_text() == text


def test_the_archive_is_offered_after_it_was_shown(newsroom: Newsroom) -> None:
    assert len(pull(newsroom)) == 3
    storage = newsroom.storage()
    with storage.write() as tx:  # the endpoint is a new one
        tx.lanes.ensure("gazette/main", LaneKind.STORIES, "gazette", "main", position=tx.journal.head())
        tx.connection.exec_driver_sql(
            "DELETE FROM copies WHERE lane_id IN (SELECT id FROM lanes WHERE name = 'gazette/main')"
        )
    storage.close()
    status, out, _ = newsroom.run("partners", "offer", "gazette", "--since", "2026-02-25")
    assert status == 0
    assert "The bridge opens" in out
    assert "gazette/main: 2 stories of 2026-03-01 to 2026-03-02" in out
    assert "gazette/journal: it was offered all there is of that time" in out
    (done,) = newsroom.json(
        "partners", "offer", "gazette", "--since", "2026-02-25", "--endpoint", "main", "--apply"
    )
    assert (done["to"], done["offered"], done["stories"]) == ("gazette/main", 2, 2)
    (again,) = newsroom.json(
        "partners", "offer", "gazette", "--since", "2026-02-25", "--endpoint", "main", "--apply"
    )
    assert again["offered"] == 0
    assert any(e["action"] == "offer" for e in newsroom.json("audit"))


def test_whom_it_cannot_be_offered_to_is_said(newsroom: Newsroom) -> None:
    status, _, err = newsroom.run("partners", "offer", "gazet", "--since", "30d")
    assert (status, "gazette" in err) == (1, True)
    status, _, err = newsroom.run("partners", "offer", "gazette", "--since", "30d", "--endpoint", "side")
    assert (status, "its ways: main" in err) == (1, True)
    newsroom.configure('[partners.nobody]\nfeeds = ["latest"]\n')
    status, _, err = newsroom.run("partners", "offer", "nobody", "--since", "30d")
    assert (status, "tokens add --partner nobody" in err) == (2, True)
