"""Others that are there while the plug is pulled: a sender, a partner that pulls, a subscriber of our hub.

Each knows what must not come to it, and keeps a list of what did.
"""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from newsroom import Newsroom

EXTRA = """
[sources.wire]
type = "inbox"
[hub]
enabled = true
[tokens]
requests_per_minute = 60000
[partners.puller]
feeds = ["latest"]
"""
_SYLLABLES = ("ka", "lo", "min", "ter", "su", "ra", "vel", "dor", "pi", "sham", "ul", "ne")


def call(
    newsroom: Newsroom, token: str, method: str, path: str, body: Any = None
) -> tuple[int, dict[str, Any]]:
    """One request; 0 where nobody answered, or not to the end."""
    data = json.dumps(body).encode() if body is not None else None
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(newsroom.base + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {}
    except (OSError, ValueError, EOFError):
        return 0, {}
    except Exception:  # http.client has its own ways to say that the line broke
        return 0, {}


class Other:
    """Somebody with a thread of his own, from ``begin`` to ``end``."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._stay, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join(30)

    def _stay(self) -> None:
        while not self._over.is_set():
            try:
                self.act()
            except Exception as error:
                self.faults.append(f"{type(self).__name__} broke: {error!r}")
                return

    def act(self) -> None:
        raise NotImplementedError


def prose(name: str, words: str) -> str:
    """A text like no other story's."""
    luck = random.Random(name)
    made = [
        " ".join("".join(luck.choices(_SYLLABLES, k=luck.randint(1, 4))) for _ in range(14)) for _ in range(3)
    ]
    return ". ".join(line.capitalize() for line in made) + f". So it was as of {words}."


class Sender(Other):
    """A CMS that brings, repeats, edits and withdraws its stories, and asks again until it is answered."""

    def __init__(self, newsroom: Newsroom, token: str, luck: random.Random) -> None:
        super().__init__()
        self._newsroom, self._token, self._luck = newsroom, token, luck
        self.known: dict[str, tuple[int, str]] = {}
        self.withdrawn: set[str] = set()
        self.requests = self.repeats = self.edits = 0
        self._waiting: tuple[str, str, Any] | None = None
        self._then: Callable[[], None] = lambda: None

    def act(self) -> None:
        if self._waiting is None:
            self._choose()
        assert self._waiting is not None
        status, answer = call(self._newsroom, self._token, *self._waiting)
        self.requests += 1
        if 200 <= status < 300:
            self._waiting = None
            self._then()
            if answer.get("state") == "on hold":
                self.faults.append(f"a story is on hold: {answer}")
        elif status and status not in (429, 500, 503):
            self.faults.append(f"{self._waiting[0]} was answered {status}")
            self._waiting = None
        time.sleep(self._luck.uniform(0.05, 0.25))

    def _choose(self) -> None:
        """What to do next; it is done until it is answered."""
        live = [name for name in self.known if name not in self.withdrawn]
        what = self._luck.random()
        if not live or (what < 0.35 and len(self.known) < 150):
            name = f"wire{len(self.known):04}"
            self._bring(name, 1, f"{name} as of {time.time_ns()}")
        elif what < 0.6:
            self.edits += 1
            name = self._luck.choice(live)
            self._bring(name, self.known[name][0] + 1, f"{name} as of {time.time_ns()}")
        elif what < 0.75:
            self.repeats += 1
            name = self._luck.choice(live)
            self._bring(name, *self.known[name])
        elif what < 0.95:
            self._look(self._luck.choice(live))
        else:
            self._withdraw(self._luck.choice(live))

    def _bring(self, name: str, version: int, words: str) -> None:
        body = {"id": name, "version": version, "title": words, "text": prose(name, words)}
        self._waiting = ("POST", "api/v1/articles", body)
        self._then = lambda: self.known.__setitem__(name, (version, words))

    def _withdraw(self, name: str) -> None:
        self._waiting = ("DELETE", f"api/v1/articles/{name}?reason=wrong", None)
        self._then = lambda: self.withdrawn.add(name)

    def _look(self, name: str) -> None:
        """What was answered with 2xx is stored, whatever happened since."""
        status, answer = call(self._newsroom, self._token, "GET", f"api/v1/articles/{name}")
        if status == 404 or (status == 200 and answer.get("headline") != self.known[name][1]):
            self.faults.append(f"{name} was taken as {self.known[name][1]!r}, and is {status} {answer}")
        self._waiting, self._then = ("GET", f"api/v1/articles/{name}", None), lambda: None


class Puller(Other):
    """A partner that pulls, confirms takedowns, and now and then forgets where it was."""

    def __init__(self, newsroom: Newsroom, token: str, luck: random.Random) -> None:
        super().__init__()
        self._newsroom, self._token, self._luck = newsroom, token, luck
        self.cursor: str | None = None
        self.held: dict[str, tuple[int, str | None]] = {}
        self.names: dict[str, str] = {}
        self.pages = self.stories = self.acks = self.crashes = 0

    def act(self) -> None:
        query = {"limit": "20", "wait": "1"} | ({"after": self.cursor} if self.cursor else {})
        path = f"partner/v1/puller/journal?{urllib.parse.urlencode(query)}"
        status, page = call(self._newsroom, self._token, "GET", path)
        if status == 410:
            self.faults.append("the journal began anew")
        elif status != 200:
            time.sleep(0.1)
            return
        self.pages += 1
        crash = self._luck.random() < 0.1
        stories = page.get("stories", [])
        for story in stories[: len(stories) // 2] if crash else stories:
            self._apply(story)
        if crash:
            self.crashes += 1  # the cursor was not kept: the same comes again
        else:
            self.cursor = page.get("next", self.cursor)

    def _apply(self, story: dict[str, Any]) -> None:
        self.stories += 1
        uri, version, usable = story["uri"], int(story["version"]), story["pubStatus"] == "usable"
        known = self.held.get(uri, (0, ""))
        if version < known[0]:
            self.faults.append(f"{uri}: version {version} after {known[0]}")
        if usable and known[0] and known[1] is None:
            self.faults.append(f"{uri} was withdrawn and came back")
        if not usable and (story.get("headlines") or "body" in story or "bodies" in story):
            self.faults.append(f"a withdrawal of {uri} brings its text")
        headline = story["headlines"][0]["value"] if usable else None
        if headline:
            self.names[uri] = headline.split(" ")[0]
        self.held[uri] = (version, headline)
        if not usable:
            self._confirm(uri, version)

    def _confirm(self, uri: str, version: int) -> None:
        body = {"uri": uri, "version": str(version)}
        status, _ = call(self._newsroom, self._token, "POST", "partner/v1/puller/acks", body)
        self.acks += status in (200, 201)
        if status in (400, 404):
            self.faults.append(f"a confirmation of {uri} version {version} was answered {status}")

    def newest(self) -> dict[str, str | None]:
        """By story: the headline it holds, ``None`` for a withdrawal."""
        return {self.names[uri]: headline for uri, (_, headline) in self.held.items() if uri in self.names}


@dataclass
class Subscriber:
    """A callback at our hub. A document must not be older than the one before it."""

    luck: random.Random
    well: bool = False
    faults: list[str] = field(default_factory=list)
    taken: bytes = b""
    pushes: int = 0
    verified: int = 0
    _seen: dict[str, int] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                outer.verified += 1
                self._answer(200, asked.get("hub.challenge", "").encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self._answer(outer.take(body), b"")

            def _answer(self, status: int, body: bytes) -> None:
                if status == 0:
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self._lock = threading.Lock()

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def subscribe(self, newsroom: Newsroom) -> bool:
        """Ask for the feed as JSON; whether it was taken."""
        form = {
            "hub.mode": "subscribe",
            "hub.callback": self.callback,
            "hub.topic": f"{newsroom.base}feeds/latest/feed.json",
        }
        data = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(newsroom.base + "hub", data=data, timeout=30) as answer:
                return int(answer.status) == 202
        except OSError:
            return False

    def take(self, body: bytes) -> int:
        with self._lock:
            self.pushes += 1
            self._look(body)
            if not self.well and self.pushes % 6 == 3:
                return self.luck.choice([500, 503, 0])
            self.taken = body
            return 204

    def _look(self, body: bytes) -> None:
        found = dict(
            _dated(item["title"]) for item in json.loads(body)["items"] if " as of " in item["title"]
        )
        for name, at in found.items():
            if at < self._seen.get(name, 0):
                self.faults.append(f"the hub pushed an older {name} after a newer one")
            if name in self._gone:
                self.faults.append(f"the hub pushed {name} after its withdrawal")
        self._gone |= self._seen.keys() - found.keys()
        self._seen |= found

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _dated(title: str) -> tuple[str, int]:
    name, _, at = title.partition(" as of ")
    return name, int(at)
