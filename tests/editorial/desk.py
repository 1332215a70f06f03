"""What the tests of the editor's eye share: one way to read a text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from syndicate.cli.reading import as_json
from syndicate.editorial import Directory, ReadOptions, read
from syndicate.model import Draft, Given, InputKind, Reading

HERE = Path(__file__).parent
DIRECTORY = Directory.build({})


def reading(text: str, *, kind: str = "body", lang: str | None = "en", **more: Any) -> Reading:
    given = more.pop("given", None) or Given(language=lang)
    draft = Draft(
        source="test",
        source_id="1",
        kind=InputKind(kind),
        text=text,
        given=given,
        base_url=more.pop("base_url", None),
    )
    return read(draft, more.pop("directory", DIRECTORY), options=ReadOptions(**more))


def answer(text: str, *, kind: str = "body", lang: str | None = "en") -> dict[str, Any]:
    return as_json("test", reading(text, kind=kind, lang=lang))
