#!/usr/bin/env python3
"""A partner that pulls. Needs nothing but Python.

    python examples/pull_client.py https://news.example.org/partner/v1/NAME --token-file FILE --folder DIR

Keeps every story as a file of its own in the folder, and the cursor beside
them. Waits for news and asks again for ever; --once stops when there is no
more. It may be stopped, or crash, anywhere: it goes on from the last cursor,
and a story that comes twice does no harm. A withdrawn story is removed, and
that it is removed is confirmed. SIGTERM and Ctrl-C end it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

WAIT, TIMEOUT, RETRY = 55, 75, 5  # seconds


class Partner:
    """One partner's side: its address, its token, and what it keeps."""

    def __init__(self, address: str, token: str, folder: Path) -> None:
        self.address, self.folder = address.rstrip("/"), folder
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self.cursor_file = folder / "cursor"
        folder.mkdir(parents=True, exist_ok=True)

    def follow(self, wait: int) -> bool:
        """One page: apply every story, then keep the cursor. Returns whether there is more."""
        query = {"limit": "100", "wait": str(wait)}
        if self.cursor_file.exists():
            query["after"] = self.cursor_file.read_text()
        try:
            page = self.call("GET", "journal?" + urllib.parse.urlencode(query))
        except urllib.error.HTTPError as error:
            if error.code != 410:
                raise
            # The publisher restored a backup: versions are counted anew, so forget what we compared with.
            self.begin_anew(json.load(error)["next"])
            return True
        for story in page["stories"]:
            self.apply(story, page["next"].partition(".")[0])
        write(self.cursor_file, page["next"].encode())  # only now: what is lost before comes again
        return bool(page["more"])

    def apply(self, story: dict[str, Any], epoch: str) -> None:
        """Keep it, or remove it and say so; never an older version over a newer one."""
        file = self.folder / (hashlib.sha256(story["uri"].encode()).hexdigest()[:32] + ".json")
        known = json.loads(file.read_text()) if file.exists() else None
        if known and known["epoch"] == epoch and int(known["version"]) > int(story["version"]):
            return
        if story["pubStatus"] == "usable":
            kept = {"epoch": epoch, "version": story["version"], "story": story}
            write(file, json.dumps(kept, ensure_ascii=False).encode())
            show(f"{story['headlines'][0]['value']}  version {story['version']}")
            return
        # The mark stays, so that a late answer of another request cannot bring the story back.
        write(file, json.dumps({"epoch": epoch, "version": story["version"], "story": None}).encode())
        self.call("POST", "acks", {"uri": story["uri"], "version": story["version"]})
        show(f"removed {story['uri']}: {story.get('edNote', story['pubStatus'])}")

    def begin_anew(self, cursor: str) -> None:
        """Withdrawals come first then, and every story once more."""
        show("the publisher's journal began anew")
        write(self.cursor_file, cursor.encode())

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request. Raises HTTPError with the reason in its body, OSError where nobody answers."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {**self.headers, **({"Content-Type": "application/json"} if data else {})}
        request = urllib.request.Request(f"{self.address}/{path}", data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return json.load(answer)


def write(file: Path, body: bytes) -> None:
    """Whole or not at all, even where the power fails."""
    part = file.with_suffix(".part")
    with part.open("wb") as handle:
        handle.write(body)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(file)


def show(words: str) -> None:
    """One line for people."""
    print("  [pull] " + "".join(c if c.isprintable() else " " for c in words), flush=True)


def pause(error: urllib.error.HTTPError | OSError) -> float:
    """How long to wait after a failure; a refusal that asking again cannot mend ends the programme."""
    if isinstance(error, urllib.error.HTTPError):
        with error:
            said = error.read(2000).decode("utf-8", "replace")
        if error.code not in (408, 429) and error.code < 500:
            sys.exit(f"{error.code}: {said}")
        return float(error.headers.get("Retry-After") or RETRY)
    show(f"nobody answers: {error}")
    return RETRY


def main() -> int:
    """Follow the journal until a signal comes, or once."""
    parser = argparse.ArgumentParser(description="A partner that pulls.")
    parser.add_argument("address", help="https://…/partner/v1/NAME")
    parser.add_argument("--token-file", type=Path, required=True, help="a file with the token in it")
    parser.add_argument("--folder", type=Path, required=True, help="where stories and the cursor are kept")
    parser.add_argument("--once", action="store_true", help="stop when there is no more")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    partner = Partner(given.address, given.token_file.read_text().strip(), given.folder)
    while True:
        try:
            more = partner.follow(0 if given.once else WAIT)
        except OSError as error:  # HTTPError is one
            time.sleep(pause(error))
            continue
        if given.once and not more:
            return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
