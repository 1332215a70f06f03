"""Stories that correspondents send by mail.

A mail server puts them into a Maildir, a folder with a file for each message. The subject is the
headline, the sender the byline, the text the story. A mail whose ``Supersedes`` header names an
earlier one is a new version of that story (RFC 2156).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

from syndicate.config import SourceOptions
from syndicate.errors import SourceError
from syndicate.model import Draft, Given, InputKind
from syndicate.sources.base import Batch, Cursor, Trouble

TAKEN = "taken"
AT_ONCE = 50


class MaildirOptions(SourceOptions):
    """``path``: the Maildir; ``max_bytes``: of one message. Unknown keys are refused by the base class."""

    type: Literal["maildir"]
    path: Path
    max_bytes: int = 2_000_000


class MaildirSource:
    """One Maildir. Nothing is moved or deleted in it: what was taken stands in the cursor."""

    options = MaildirOptions

    def __init__(self, name: str, options: MaildirOptions, **_: object) -> None:
        self.name = name
        self._options = options

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Messages that are not in the cursor yet, some at a time: each batch is stored with its own keys."""
        files = await asyncio.to_thread(self._waiting, cursor)
        stories = {key: found for key, found in cursor.items.items() if found != TAKEN}
        for start in range(0, len(files), AT_ONCE):
            yield await asyncio.to_thread(self._batch, files[start : start + AT_ONCE], stories)

    def _waiting(self, cursor: Cursor) -> list[Path]:
        folders = [self._options.path / "new", self._options.path / "cur"]
        if not any(folder.is_dir() for folder in folders):
            raise SourceError(
                f"{self._options.path} is no Maildir: it has neither 'new' nor 'cur'",
                fix=f"correct path of [sources.{self.name}]",
            )
        found = [file for folder in folders if folder.is_dir() for file in folder.iterdir() if file.is_file()]
        return sorted((f for f in found if _key(f) not in cursor.items), key=_key)

    def _batch(self, files: list[Path], stories: dict[str, str]) -> Batch:
        drafts, troubles = [], []
        items: dict[str, str] = {}
        for file in files:
            items[_key(file)] = TAKEN
            try:
                mail = self._read(file)
                story = stories.get(_id(mail["supersedes"])) or _id(mail["message-id"]) or _key(file)
                drafts.append(self._draft(mail, story, file))
            except ValueError as error:
                troubles.append(Trouble(key=_key(file), reason=str(error), fix="ask for it once more"))
                continue
            if (own := _id(mail["message-id"])) and own != story:
                stories[own] = items[own] = story
            elif own:
                stories[own] = items[own] = own
        return Batch(drafts=tuple(drafts), items=items, troubles=tuple(troubles))

    def _read(self, file: Path) -> EmailMessage:
        if file.stat().st_size > self._options.max_bytes:
            raise ValueError(f"the message has more than {self._options.max_bytes} bytes")
        mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        assert isinstance(mail, EmailMessage)
        return mail

    def _draft(self, mail: EmailMessage, story: str, file: Path) -> Draft:
        part = mail.get_body(("plain",))
        if part is None or not str(part.get_content()).strip():
            raise ValueError("the message has no plain text")
        senders = mail["from"].addresses if mail["from"] else ()
        given = Given(
            headline=str(mail["subject"] or "") or None,
            byline=tuple(sender.display_name for sender in senders if sender.display_name),
            published=parsedate_to_datetime(mail["date"]) if mail["date"] else None,
            language=self._options.language,
            section=self._options.section,
        )
        text = str(part.get_content())
        return Draft(
            source=self.name,
            source_id=story,
            kind=InputKind.BODY,
            text=text,
            given=given,
            origin=file.name,
        )


def _key(file: Path) -> str:
    """A message's name without its flags, which change when somebody reads it."""
    return file.name.partition(":")[0]


def _id(header: object) -> str:
    return str(header or "").strip()
