"""A backup in the database's place: what partners who are pushed to hold afterwards."""

from __future__ import annotations

from newsroom import Newsroom, Partner


def story(newsroom: Newsroom, name: str, title: str) -> None:
    newsroom.drop(f"{name}.md", f"---\ntitle: {title}\nid: {name}\n---\nThe text of {name} has a sentence.\n")


def held(partner: Partner) -> dict[str, tuple[int, str | None, str]]:
    """By story: the highest version that was taken, as a partner that orders by it holds it."""
    newest: dict[str, tuple[int, str | None, str]] = {}
    for push in partner.delivered():
        if push.version > newest.get(push.uri, (0, None, ""))[0]:
            newest[push.uri] = (push.version, push.headline, push.story["pubStatus"])
    return newest


def test_a_partner_that_orders_by_version_ends_with_the_newest(newsroom: Newsroom, partner: Partner) -> None:
    story(newsroom, "canal", "Canal is cleaned")
    newsroom.call("run", "--once")
    canal = newsroom.article("Canal is cleaned")["id"]
    newsroom.call("db", "backup", "copy.db")
    newsroom.call("articles", "edit", canal, "--headline", "Canal is dirty")
    story(newsroom, "lost", "Road is long")
    newsroom.call("run", "--once")
    lost = newsroom.article("Road is long")["id"]
    newsroom.call("articles", "edit", lost, "--headline", "Road is short")
    newsroom.call("run", "--once")
    assert held(partner) == {
        f"urn:uuid:{canal}": (2, "Canal is dirty", "usable"),
        f"urn:uuid:{lost}": (2, "Road is short", "usable"),
    }
    newsroom.call("db", "restore", "copy.db", "--yes")
    newsroom.call("run", "--once")
    assert held(partner) == {
        f"urn:uuid:{canal}": (3, "Canal is cleaned", "usable"),
        f"urn:uuid:{lost}": (3, "Road is long", "usable"),
    }
    newsroom.call("articles", "withdraw", canal, "--reason", "wrong", check=False)
    newsroom.call("run", "--once")
    assert held(partner)[f"urn:uuid:{canal}"][::2] == (4, "canceled")


def test_who_was_offered_a_story_since_hears_of_its_withdrawal(newsroom: Newsroom, partner: Partner) -> None:
    partner.mood = lambda story: 503
    story(newsroom, "canal", "Canal is cleaned")
    newsroom.call("build")  # the story is there, and nobody was offered it
    canal = newsroom.article("Canal is cleaned")["id"]
    newsroom.call("db", "backup", "copy.db")
    partner.mood = lambda story: 204
    newsroom.call("run", "--once")
    newsroom.call("db", "restore", "copy.db", "--yes")
    newsroom.call("articles", "withdraw", canal, "--reason", "wrong", check=False)
    newsroom.call("run", "--once")
    assert [(push.version, push.story["pubStatus"]) for push in partner.delivered()] == [
        (1, "usable"),
        (2, "canceled"),
    ]
