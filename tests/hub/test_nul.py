"""PostgreSQL takes no NUL in a text: whoever sends one is told so, and no database is asked."""

from __future__ import annotations

from pathlib import Path

from outlet import Outlet

from apps import configured, opened, run, running
from ports import free_port
from syndicate.keyring import make_token
from syndicate.storage import Scope

MORE = '[hub]\nenabled = true\n[network]\nallow = ["127.0.0.0/8"]\n[partners.gazette]\nfeeds = ["latest"]\n'


def test_a_nul_in_a_form_is_refused(tmp_path: Path, url: str) -> None:
    async def go() -> None:
        async with opened(on(tmp_path, url), Outlet) as made, running(made.app):
            topic = made.app.site.topic("latest", "rss")
            for field in ("hub.secret", "hub.topic", "hub.callback", "hub.verify_token", "other"):
                form = {"hub.mode": "subscribe", "hub.topic": topic, "hub.callback": "http://127.0.0.1/in"}
                form[field] = form.get(field, "") + "\0"
                answer = await made.client.post(made.hub, data=form)
                assert (answer.status_code, "NUL" in answer.text) == (400, True), field

    run(go())


def test_a_nul_in_an_address_or_a_partners_word_is_refused(tmp_path: Path, url: str) -> None:
    async def go() -> None:
        async with opened(on(tmp_path, url), Outlet) as made, running(made.app):
            with made.app.storage.write() as tx:
                token, _ = make_token(tx, Scope.PARTNER, "gazette", "desk", made.clock())
            asked = {"authorization": f"Bearer {token.reveal()}"}
            for rest in ("stories/a%00b", "journal?after=%00", "feeds/latest/%00"):
                address = made.app.site.url(f"/partner/v1/gazette/{rest}")
                assert (await made.client.get(address, headers=asked)).status_code == 400, rest
            word = {"uri": "a\0b", "version": "1"}
            address = made.app.site.url("/partner/v1/gazette/acks")
            assert (await made.client.post(address, headers=asked, json=word)).status_code == 400

    run(go())


def on(folder: Path, url: str) -> Path:
    file = configured(folder, MORE, port=free_port())
    file.write_text(file.read_text().replace(f"sqlite:///{folder}/syndicate.db", url))
    return file
