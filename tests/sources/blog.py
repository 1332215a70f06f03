"""A WordPress as far as a source asks it, on the scripted server."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scripted import Said, Scripted


def post(number: int = 7, **more: Any) -> dict[str, Any]:
    known = {
        "id": number,
        "type": "post",
        "status": "publish",
        "link": f"https://blog.example.org/water/canal-{number}/",
        "date_gmt": "2026-11-20T04:00:00",
        "modified_gmt": "2026-11-20T04:30:00",
        "guid": {"rendered": f"https://blog.example.org/?post_type=news&#038;p={number}"},
        "title": {"rendered": f"Canal &#8211; no. {number}"},
        "content": {
            "rendered": f"<p>KABUL: Farmers cleaned canal {number}.</p>\n<p>-Pajhwok</p>",
            "protected": False,
        },
        "excerpt": {"rendered": "<p>KABUL: Farmers cleaned [&hellip;]</p>"},
        "_embedded": {"author": [{"name": "admin"}]},
    }
    return {**known, **more}


class Site(Scripted):
    """As much of a WordPress as its lists need."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[int, dict[str, Any]] = {}
        self.one_by_one: Said | None = None
        self.before = ""
        self.ignores_modified_after = False
        self.shows_the_trash = False
        self.api = "/api/"

    def add(self, number: int, at: str = "2026-11-20T04:00:00", **more: Any) -> None:
        self.posts[number] = post(number, date_gmt=at, modified_gmt=at, **more)

    def _next(self, path: str) -> Said:
        parts = urlsplit(path)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/":
            return Said(body=f'<html><link rel="https://api.w.org/" href="{self.api}" /></html>')
        if parts.path == "/api/":
            return self._json({"namespaces": ["wp/v2"]})
        if "status" in asked and not self.shows_the_trash:
            return Said(400, body='{"code":"rest_invalid_param"}')
        if parts.path == "/api/wp/v2/posts":
            return self._json(self._list(asked))
        number = int(parts.path.rpartition("/")[2] or 0) if "/posts/" in parts.path else 0
        if number in self.posts:
            return self._json(self.posts[number])
        if number and self.one_by_one:
            return self.one_by_one
        return Said(404, body=json.dumps({"code": "rest_post_invalid_id" if number else "rest_no_route"}))

    def _json(self, value: Any) -> Said:
        return Said(headers={"Content-Type": "application/json"}, body=self.before + json.dumps(value))

    def _list(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        rows = list(self.posts.values())
        if "include" in asked:
            return [self.posts[int(n)] for n in asked["include"].split(",") if int(n) in self.posts]
        key = "date_gmt" if asked["orderby"] == "date" else "modified_gmt"
        rows.sort(key=lambda row: row[key], reverse=asked["order"] == "desc")
        if (after := asked.get("modified_after")) and not self.ignores_modified_after:
            rows = [row for row in rows if row["modified_gmt"] + "Z" > after]
        if after := asked.get("after"):
            rows = [row for row in rows if row["date_gmt"] + "Z" > after]
        return rows[: int(asked["per_page"])]
