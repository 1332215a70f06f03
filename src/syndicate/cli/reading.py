"""What the editor's eye reads out of a story, and why, for people and machines. It stores nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from syndicate.editorial import Directory, ReadOptions, read
from syndicate.errors import SyndicateError
from syndicate.model import Draft, Given, InputKind, Reading

if TYPE_CHECKING:
    from syndicate.cli.context import Context

_SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "page",
    ".md": "markdown",
    ".json": "json",
}
_SHOWN = (
    "headline",
    "byline",
    "desk",
    "contributors",
    "translator",
    "agency",
    "agencies",
    "agency_role",
    "dateline",
    "credit_line",
    "caption",
    "image_credit",
    "section",
    "publisher",
    "original_url",
    "notice",
    "conflict",
    "excerpt",
)


def inspected(
    context: Context, files: tuple[Path, ...], kind: str | None, lang: str | None, *, batch: bool
) -> int:
    """Files, or what comes in on standard input, read and shown."""
    directory, options = _desk(context)
    if batch:
        return _batch(context, directory, options)
    return _files(context, files, directory, options, kind, lang)


def _desk(context: Context) -> tuple[Directory, ReadOptions]:
    """The agencies and the outlet's name, from the configuration where there is one."""
    settings = context.optional_settings
    if settings is None:
        return Directory.build({}), ReadOptions()
    return Directory.build(settings.agencies), ReadOptions.build(settings.publisher.name, settings.editorial)


def _batch(context: Context, directory: Directory, options: ReadOptions) -> int:
    failed = 0
    for number, row in enumerate(sys.stdin.buffer, 1):
        if not row.strip():
            continue
        given: Any = None
        try:
            given = orjson.loads(row)
            answer = as_json(given["id"], read(_draft(given), directory, options=options))
        except (ValueError, KeyError, TypeError) as error:
            failed += 1
            words = f"line {number}: {_reason(error)}"
            answer = {"id": given.get("id") if isinstance(given, dict) else None, "error": words}
            context.warn(f"syndicate: {words}")
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.flush()
    return 1 if failed else 0


def _reason(error: Exception) -> str:
    return f"the key {error} is missing" if isinstance(error, KeyError) else str(error)


def _draft(given: dict[str, Any]) -> Draft:
    """A draft from a line of a batch. Raises KeyError, ValueError, TypeError."""
    if not isinstance(given["input"], str):
        raise TypeError("'input' must be text")
    language = given.get("lang")
    if language is not None and not isinstance(language, str):
        raise TypeError("'lang' must be text")
    return Draft(
        source="inspect",
        source_id=str(given["id"]),
        kind=InputKind(given["kind"]),
        text=given["input"],
        given=Given(language=language),
    )


def as_json(name: object, reading: Reading) -> dict[str, Any]:
    """A reading in the form ``--batch`` and ``--json`` print."""
    line, credit = reading.dateline, reading.credit
    return {
        "id": name,
        "headline": reading.headline,
        "byline": list(reading.byline),
        "agency": credit.agency,
        "agencies": list(credit.agencies),
        "agency_role": credit.role.value if credit.role else None,
        "dateline": {"place": line.place, "date": line.date, "agency": line.agency} if line else None,
        "credit_line": credit.line,
        "caption": reading.caption,
        "image_credit": reading.image_credit,
        "section": reading.section,
        "publisher": reading.publisher,
        "original_url": credit.original_url,
        "notice": reading.notice.value if reading.notice else None,
        "conflict": reading.conflict,
        "desk": reading.desk,
        "contributors": list(reading.contributors),
        "translator": reading.translator,
        "evidence": [
            {"field": e.field, "rule": e.rule, "words": e.words, "start": e.start, "end": e.end}
            for e in reading.evidence
        ],
        "body": reading.body,
        "excerpt": reading.excerpt,
    }


def _files(
    context: Context,
    files: tuple[Path, ...],
    directory: Directory,
    options: ReadOptions,
    kind: str | None,
    lang: str | None,
) -> int:
    answers = []
    for name, draft in _drafts(context, files, kind, lang):
        if draft is None:
            continue
        reading = read(draft, directory, options=options)
        answers.append(as_json(name, reading))
        if not context.json:
            _show(context, name, draft, reading)
    if context.json:
        context.emit(answers[0] if len(answers) == 1 else answers)
    return 0 if len(answers) == len(files) else 1


def _drafts(
    context: Context, files: tuple[Path, ...], kind: str | None, lang: str | None
) -> Iterator[tuple[str, Draft | None]]:
    for path in files:
        try:
            yield str(path), _from_file(path, kind, lang)
        except (OSError, ValueError, KeyError, TypeError) as error:
            context.warn(f"syndicate: {path}: {_reason(error)}")
            yield str(path), None
        except SyndicateError as error:
            context.warn(f"syndicate: {error}")
            yield str(path), None


def _from_file(path: Path, kind: str | None, lang: str | None) -> Draft:
    text = path.read_bytes().decode("utf-8-sig", "replace")
    form = kind or _SUFFIXES.get(path.suffix.lower(), "page")
    if form == "json":
        given = orjson.loads(text)
        return _draft({"id": str(path), **given, "lang": lang or given.get("lang")})
    known = Given(language=lang)
    if form == "markdown":
        text, known, form = *_markdown(text, lang), "html"
    return Draft(
        source="inspect", source_id=str(path), kind=InputKind(form), text=text, given=known, origin=str(path)
    )


def _markdown(text: str, lang: str | None) -> tuple[str, Given]:
    """The body of a Markdown file as markup, and the title and language of its front matter."""
    import yaml
    from markdown_it import MarkdownIt

    matter: Any = {}
    if text.startswith("---\n"):
        head, mark, rest = text[4:].partition("\n---")
        if mark:
            try:
                matter = yaml.safe_load(head) or {}
            except yaml.YAMLError as error:
                raise ValueError(f"the front matter is no YAML: {error}") from None
            text = rest.partition("\n")[2]
    known = matter if isinstance(matter, dict) else {}
    stated = {k: known.get(k) for k in ("title", "language")}
    given = Given(
        headline=str(stated["title"]) if stated["title"] else None,
        language=lang or (str(stated["language"]) if stated["language"] else None),
    )
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text), given


def _show(context: Context, name: str, draft: Draft, reading: Reading) -> None:
    from rich.table import Table
    from rich.text import Text

    answer = as_json(name, reading)
    console = context.console
    console.print(Text(name, style="bold underline"))
    table = Table.grid(padding=(0, 2))
    for field in _SHOWN:
        shown = _words(answer[field])
        if shown and not (field == "agencies" and shown == answer["agency"]):
            table.add_row(
                Text(field, style="cyan"),
                Text(shown, style="bold red" if field in ("conflict", "notice") else ""),
            )
    console.print(table)
    if not reading.credit.agency and not reading.credit.role:
        console.print(Text("The source is not stated.", style="yellow"))
    _why(console, reading)
    console.print()
    console.print(Text("THE STORY, MARKED", style="bold"))
    console.print(_marked(draft, reading))


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k}: {v}" for k, v in value.items() if v)
    return ", ".join(value) if isinstance(value, list) else str(value or "")


def _why(console: Any, reading: Reading) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print()
    console.print(Text("WHY", style="bold"))
    table = Table.grid(padding=(0, 2))
    for item in reading.evidence:
        table.add_row(
            Text(item.field, style="cyan"), Text(item.rule), Text(_short(item.words), style="green")
        )
    console.print(table)


def _short(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= 70 else flat[:69] + "…"


_COLOURS = {
    "headline": "bold",
    "byline": "#101010 on #d8a8ff",
    "desk": "#101010 on #d8a8ff",
    "contributors": "#101010 on #d8a8ff",
    "translator": "#101010 on #d8a8ff",
    "agency": "#101010 on #8fe08f",
    "credit_line": "#101010 on #8fe08f",
    "dateline": "#101010 on #8fd8f0",
    "caption": "#101010 on #f0d878",
    "image_credit": "#101010 on #f0d878",
    "notice": "white on red",
    "body": "dim strike",
}
"""How the words that decided are marked; what is no part of the story is struck out."""


def _marked(draft: Draft, reading: Reading) -> Any:
    """The draft's text with the words that decided marked, and what is none of the story struck out."""
    from rich.text import Text

    text = Text(draft.text[:20_000])
    for item in sorted(reading.evidence, key=lambda e: e.field != "body"):
        if item.start is not None and item.end is not None:
            style = _COLOURS.get(item.field, "underline")
            end = len(text) if "tail begins" in item.rule else item.end
            text.stylize(style, item.start, min(end, len(text)))
    return text
