"""The command ``inspect``: files, JSON, and batches with bad lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click.testing
import pytest
from desk import HERE

from syndicate.cli.context import Context
from syndicate.cli.inspect import inspect

KEYS = {
    "id",
    "headline",
    "byline",
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
    "desk",
    "contributors",
    "translator",
    "evidence",
    "body",
    "excerpt",
}


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNDICATE_CONFIG", raising=False)


def _run(
    arguments: list[str], *, stdin: str | None = None, as_json: bool = False
) -> tuple[click.testing.Result, int]:
    runner = click.testing.CliRunner()
    with runner.isolation(input=stdin) as (out, err, _):
        status = inspect.main(arguments, standalone_mode=False, obj=Context(json=as_json)) or 0
        sys.stdout.flush()
        sys.stderr.flush()
        printed, warned = out.getvalue().decode(), err.getvalue().decode()
    result = click.testing.Result(runner, printed.encode(), warned.encode(), b"", None, status, None)
    return result, status


def test_a_batch_answers_every_line_and_goes_on_after_a_bad_one() -> None:
    rows = [
        json.dumps(
            {"id": "1", "kind": "body", "lang": "en", "input": "KABUL (PAN): A canal was opened on Monday."}
        ),
        "no json",
        json.dumps({"id": "2", "kind": "mystery", "input": ""}),
        json.dumps({"id": "3", "kind": "page", "input": 7}),
        json.dumps({"id": "4", "kind": "html", "lang": None, "input": ""}),
    ]
    result, status = _run(["--batch"], stdin="\n".join(rows) + "\n")
    answers = [json.loads(row) for row in result.stdout.splitlines()]
    assert status == 1 and [a["id"] for a in answers] == ["1", None, "2", "3", "4"]
    assert set(answers[0]) == KEYS == set(answers[4])
    assert answers[0]["dateline"] == {"place": "KABUL", "date": None, "agency": "Pajhwok Afghan News"}
    assert all(set(a) == {"id", "error"} for a in answers[1:4])
    assert "line 2" in result.stderr


def test_a_file_is_shown_with_the_reasons() -> None:
    result, status = _run([str(HERE / "seed-page.txt")])
    assert status == 0
    for words in ("Pajhwok Afghan News", "WASHINGTON", "WHY", "glued to the dateline", "-Pajhwok"):
        assert words in result.stdout
    assert "\x1b[" not in result.stdout


def test_json_of_a_markdown_file_takes_the_title_from_the_front_matter(tmp_path: Path) -> None:
    story = tmp_path / "story.md"
    story.write_text(
        "---\ntitle: Canal opens\nlanguage: en\n---\n\n# Canal opens\n\n"
        "KABUL (Pajhwok): A canal was *opened* on Monday.\n",
        encoding="utf-8",
    )
    result, status = _run([str(story)], as_json=True)
    answer = json.loads(result.stdout)
    assert status == 0 and set(answer) == KEYS
    assert (answer["headline"], answer["agency"], answer["body"]) == (
        "Canal opens",
        "Pajhwok Afghan News",
        "A canal was opened on Monday.",
    )


def test_a_missing_file_is_named_and_the_others_are_shown(tmp_path: Path) -> None:
    good = tmp_path / "story.html"
    good.write_text(
        "<h1>Canal opens</h1><p>A canal was opened on Monday, officials said.</p>", encoding="utf-8"
    )
    result, status = _run([str(tmp_path / "none.txt"), str(good)])
    assert status == 1 and "none.txt" in result.stderr and "Canal opens" in result.stdout
    assert "The source is not stated" in result.stdout


def test_neither_files_nor_batch_is_wrong_usage() -> None:
    from syndicate.errors import UsageError

    with pytest.raises(UsageError):
        _run([])
