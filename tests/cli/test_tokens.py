"""Tokens: shown once, kept as a hash, several at a time, ended at once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from newsroom_cli import Newsroom

from syndicate.storage.migrate import upgrade


@pytest.fixture
def room(bare: Newsroom) -> Newsroom:
    storage = bare.storage()
    upgrade(storage)
    storage.close()
    bare.configure('[sources.cms]\ntype = "inbox"\n')
    return bare


def add(room: Newsroom, label: str, *whom: str) -> str:
    status, out, _ = room.run("tokens", "add", *(whom or ("--partner", "gazette")), "--label", label)
    assert status == 0
    return out.strip()


def test_a_token_is_shown_once_and_kept_as_a_hash(room: Newsroom) -> None:
    token = add(room, "the CMS")
    assert token.startswith("syn_")
    assert len(token) >= 43
    files = b"".join(file.read_bytes() for file in Path(room.folder / "var").iterdir())
    assert token.encode() not in files
    assert hashlib.sha256(token.encode()).hexdigest().encode() in files
    for command in (("tokens", "list"), ("tokens", "list", "--json"), ("partners", "list", "--json")):
        _, out, err = room.run(*command)
        assert token not in out + err


def test_machines_get_the_token_with_what_is_known_of_it(room: Newsroom) -> None:
    made = room.json("tokens", "add", "--inbox", "cms", "--label", "the CMS")
    assert made["token"].startswith("syn_")
    assert {k: made[k] for k in ("scope", "owner", "label", "last_used", "revoked")} == {
        "scope": "inbox", "owner": "cms", "label": "the CMS", "last_used": None, "revoked": None,
    }  # fmt: skip


def test_one_is_exchanged_while_both_are_in_force(room: Newsroom) -> None:
    old, new = add(room, "old"), add(room, "new")
    assert old != new
    assert [t["label"] for t in room.json("tokens", "list", "--partner", "gazette")] == ["old", "new"]
    assert room.run("tokens", "revoke", "old")[0] == 0
    assert [t["label"] for t in room.json("tokens", "list")] == ["new"]
    ended = room.json("tokens", "list", "--revoked")[0]
    assert ended["label"] == "old"
    assert ended["revoked"]


def test_lists_are_by_scope_and_owner(room: Newsroom) -> None:
    add(room, "pull")
    add(room, "push", "--inbox", "cms")
    assert [t["owner"] for t in room.json("tokens", "list")] == ["cms", "gazette"]
    assert [t["owner"] for t in room.json("tokens", "list", "--inbox", "cms")] == ["cms"]
    assert room.json("tokens", "list", "--inbox", "gazette") == []


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (("add", "--partner", "gazete", "--label", "x"), "gazette", 1),
        (("add", "--label", "x"), "--partner NAME", 2),
        (("add", "--partner", "gazette", "--inbox", "cms", "--label", "x"), "--partner NAME", 2),
        (("add", "--inbox", "desk", "--label", "x"), "the configured ones: cms", 1),
        (("add", "--partner", "gazette", "--label", "12"), "no label", 2),
        (("add", "--partner", "gazette", "--label", "first"), "already", 2),
        (("revoke", "nothing"), "tokens list", 1),
        (("revoke", "twice"), "by its number", 2),
    ],
)
def test_what_cannot_be_says_why(room: Newsroom, arguments: tuple[str, ...], words: str, status: int) -> None:
    add(room, "first")
    add(room, "twice")
    add(room, "twice", "--inbox", "cms")
    ended, _, err = room.run("tokens", *arguments)
    assert ended == status
    assert words in err


def test_revoking_several_ends_all_or_none(room: Newsroom) -> None:
    add(room, "one")
    add(room, "two")
    assert room.run("tokens", "revoke", "one", "nothing")[0] == 1
    assert len(room.json("tokens", "list")) == 2
    assert room.run("tokens", "revoke", "1", "two")[0] == 0
    assert room.json("tokens", "list") == []
