"""A partner's receiver in Python, with nothing but the standard library.

    SYNDICATE_SECRET=whsec_… python receiver.py [PORT] [FOLDER]

Takes signed pushes of stories (ninjs), keeps the newest version of each as a
file in FOLDER, and removes the text of what was withdrawn. docs/receiving.md
says what it must get right.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

SECRETS = os.environ["SYNDICATE_SECRET"].split()  # two of them while one is exchanged for another
PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
FOLDER = Path(sys.argv[2] if len(sys.argv) > 2 else "stories")
LARGEST = 5_000_000
OLDEST = 300  # seconds: an older signature may be a recording
ONE_AT_A_TIME = Lock()


def is_genuine(headers, body):
    """Whether one of our secrets signed these very bytes, not long ago."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > OLDEST:
        return False
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    given = headers.get("webhook-signature", "").split()
    for secret in SECRETS:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        ours = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        if any(hmac.compare_digest(ours.encode(), theirs.encode()) for theirs in given):
            return True
    return False


def take(story):
    """Keep a story, unless what we have is as new. A withdrawal wins over the same version."""
    file = FOLDER / (hashlib.sha256(story["uri"].encode()).hexdigest() + ".json")
    kept = json.loads(file.read_text("utf-8")) if file.exists() else {"version": "0"}
    withdrawn = story["pubStatus"] != "usable"
    newer = int(story["version"]) > int(kept["version"])
    same = int(story["version"]) == int(kept["version"])
    if not (newer or (same and withdrawn)):
        return
    if withdrawn:  # nothing of it stays but that it is gone, so that no older version comes back
        story = {key: story[key] for key in ("uri", "version", "pubStatus")}
    new = file.with_suffix(".new")
    new.write_text(json.dumps(story, ensure_ascii=False), "utf-8")
    new.replace(file)  # in one step: nobody sees half a story


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        if length > LARGEST:
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_genuine(self.headers, body):
            return self.answer(401)  # tried again later: perhaps our secret is the old one
        try:
            story = json.loads(body)
            int(story["version"]), story["uri"], story["pubStatus"]
        except (ValueError, KeyError, TypeError):
            return self.answer(422)  # refused: set aside there, and shown to the editors
        with ONE_AT_A_TIME:
            take(story)  # whatever fails here answers nothing, and the story is sent again
        return self.answer(204)  # only now: 2xx says that it is kept

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"listening on http://127.0.0.1:{PORT}/", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
