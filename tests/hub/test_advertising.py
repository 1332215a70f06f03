"""What documents say of their hubs, and that every hub they name is told (rule H5)."""

from __future__ import annotations

import json
import re
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from lxml import etree
from outlet import Subscriber, listening, outlet

from apps import run

LINK = "{http://www.w3.org/2005/Atom}link"
FAR = "https://hub.example.org/"
WITH_FAR = f'enabled = true\n[external_hubs.far]\nurl = "{FAR}"'
FORMS = ["rss", "atom", "json"]


def inside(form: str, body: bytes) -> list[tuple[str | None, str | None]]:
    """The document's own hubs and selves, in its order: ``(rel, address)``."""
    if form == "json":
        feed = json.loads(body)
        return [("self", feed["feed_url"]), *(("hub", hub["url"]) for hub in feed["hubs"])]
    head = etree.fromstring(body)
    head = head if form == "atom" else head[0]
    links = [(link.get("rel"), link.get("href")) for link in head.findall(LINK)]
    return [(rel, address) for rel, address in links if rel in ("hub", "self")]


@pytest.mark.parametrize("form", FORMS)
def test_every_document_names_every_hub_and_itself_once_in_its_header_and_inside(
    tmp_path: Path, form: str
) -> None:
    async def go() -> None:
        async with outlet(tmp_path, hub=WITH_FAR) as made:
            shown = await made.client.get(made.topic(form))
            assert len({made.topic(other) for other in FORMS}) == 3, "each format is a topic of its own"
            expected = [("self", made.topic(form)), ("hub", made.hub), ("hub", FAR)]
            said = re.findall(r'<([^>]+)>; rel="(self|hub)"', shown.headers["link"])
            assert [(rel, address) for address, rel in said] == expected
            assert sorted(inside(form, shown.content)) == sorted(expected)

    run(go())


def test_every_hub_is_told_once_of_every_topic_and_again_when_it_changed(tmp_path: Path) -> None:
    async def go() -> None:
        async with AsyncExitStack() as stack:
            hubs = [Subscriber(), Subscriber()]
            addresses = [await stack.enter_async_context(listening(hub)) for hub in hubs]
            named = [f'[external_hubs.h{n}]\nurl = "{url}"' for n, url in enumerate(addresses)]
            made = await stack.enter_async_context(
                outlet(tmp_path, hub="\n".join(["enabled = true", *named]))
            )
            topics = sorted(made.topic(form) for form in FORMS)
            for words in ("The second", "The third"):
                await made.publish(words.split()[1], words)
                await made.app.distributor.drain()
                for hub in hubs:
                    told = sorted(push.body for push in hub.pushes)
                    forms = [dict(parse_qsl(body.decode())) for body in told]
                    assert [form["hub.topic"] for form in forms] == topics
                    assert all(form["hub.url"] == form["hub.topic"] for form in forms)
                    hub.pushes.clear()

    run(go())
