// A partner's receiver in Node.js, with nothing but its standard library.
//
//     SYNDICATE_SECRET=whsec_… node receiver.mjs [PORT] [FOLDER]
//
// Takes signed pushes of stories (ninjs), keeps the newest version of each as a file in FOLDER, and
// removes the text of what was withdrawn. docs/receiving.md says what it must get right.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const secrets = process.env.SYNDICATE_SECRET.split(/\s+/); // two of them while one is exchanged for another
const port = Number(process.argv[2] ?? 8000);
const folder = process.argv[3] ?? "stories";
const largest = 5_000_000;
const oldest = 300; // seconds: an older signature may be a recording

// Whether one of our secrets signed these very bytes, not long ago.
function isGenuine(headers, body) {
  const stamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(stamp) || Math.abs(Date.now() / 1000 - Number(stamp)) > oldest) return false;
  const start = Buffer.from(`${headers["webhook-id"] ?? ""}.${stamp}.`);
  const given = (headers["webhook-signature"] ?? "").split(" ");
  return secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const mark = createHmac("sha256", key).update(start).update(body).digest("base64");
    const ours = Buffer.from(`v1,${mark}`);
    return given.some((theirs) => {
      const other = Buffer.from(theirs);
      return other.length === ours.length && timingSafeEqual(other, ours);
    });
  });
}

// Keep a story, unless what we have is as new. A withdrawal wins over the same version.
// Synchronous on purpose: two pushes of one story cannot overtake each other here.
function take(story) {
  const file = join(folder, `${createHash("sha256").update(story.uri).digest("hex")}.json`);
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { version: "0" };
  const withdrawn = story.pubStatus !== "usable";
  const [now, before] = [Number(story.version), Number(kept.version)];
  if (!(now > before || (now === before && withdrawn))) return;
  // Nothing of a withdrawn story stays but that it is gone, so that no older version comes back.
  const { uri, version, pubStatus } = story;
  writeFileSync(`${file}.new`, JSON.stringify(withdrawn ? { uri, version, pubStatus } : story));
  renameSync(`${file}.new`, file); // in one step: nobody sees half a story
}

function status(headers, body) {
  if (!isGenuine(headers, body)) return 401; // tried again later: perhaps our secret is the old one
  let story;
  try {
    story = JSON.parse(body.toString("utf8"));
  } catch {
    return 422; // refused: set aside there, and shown to the editors
  }
  if (!story?.uri || !/^\d+$/.test(story.version) || !story.pubStatus) return 422;
  take(story);
  return 204; // only now: 2xx says that it is kept
}

mkdirSync(folder, { recursive: true });
createServer((request, response) => {
  const parts = [];
  let size = 0;
  request.on("data", (part) => {
    size += part.length;
    if (size <= largest) parts.push(part);
  });
  request.on("end", () => {
    try {
      response.writeHead(size > largest ? 413 : status(request.headers, Buffer.concat(parts)));
    } catch (error) {
      console.error(error);
      response.writeHead(503); // the story is sent again
    }
    response.end();
  });
}).listen(port, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${port}/`));
