"""The inbox of a running daemon: its page's examples as they stand, and what the plug being pulled does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from newsroom import Newsroom, Partner, until

PAGE = Path(__file__).parents[2] / "docs/inbox.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_examples_of_the_page(newsroom: Newsroom, partner: Partner) -> None:
    newsroom.write_config('[sources.cms]\ntype = "inbox"\n')
    newsroom.start()
    token = newsroom.call("tokens", "add", "--inbox", "cms", "--label", "x").stdout.strip()
    until(lambda: b'"state"' in _get(newsroom, token) or b"no story" in _get(newsroom, token), 5, "no token")
    known = {**os.environ, "BASE": newsroom.base.rstrip("/"), "TOKEN": token}
    create, change, look, withdraw, agency = re.findall(
        r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )

    def run(words: str) -> dict[str, object]:
        place = {"cwd": newsroom.folder, "env": known}
        done = subprocess.run(["sh", "-c", words], capture_output=True, check=True, timeout=60, **place)
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    recipe = (PAGE.parent / "recipes-agency-wire.md").read_text(encoding="utf-8")
    item, kill = re.findall(r"```xml\n(.*?)```", recipe, re.DOTALL)
    (newsroom.folder / "item.xml").write_text(item, encoding="utf-8")
    assert run(agency)["result"] == "created"
    (newsroom.folder / "item.xml").write_text(kill, encoding="utf-8")
    assert run(agency)["state"] == "withdrawn"
    assert run(create)["result"] == "created"
    until(lambda: b"Canal is cleaned" in newsroom.get("feeds/latest/rss.xml")[1], 2, "not published")
    assert run(change)["result"] == "updated"
    assert run(look)["headline"] == "Canal is clean"
    newsroom.kill()  # what was answered is stored
    newsroom.start()
    assert run(look)["headline"] == "Canal is clean"
    assert run(withdraw)["state"] == "withdrawn"
    until(lambda: b"Canal is clean" not in newsroom.get("feeds/latest/rss.xml")[1], 5, "still there")
    until(lambda: any(p.story["pubStatus"] == "canceled" for p in partner.delivered()), 10, "no takedown")


def _get(newsroom: Newsroom, token: str) -> bytes:
    return newsroom.get("api/v1/articles/none", {"authorization": f"Bearer {token}"})[1]
