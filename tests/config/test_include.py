"""A configuration in several files: what is brought together, and what two files may not both say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from syndicate.config import Adapters, Settings, load
from syndicate.config.load import origins
from syndicate.config.show import whence_of
from syndicate.errors import ConfigError
from syndicate.sources.registry import SOURCES
from syndicate.transports.registry import ENDPOINTS

ADAPTERS = Adapters(SOURCES, ENDPOINTS)
MAIN = """
include = "conf.d/*.toml"
[publisher]
name = "The Times"
url = "https://times.example.org/"
[feeds.latest]
title = "Latest"
"""


def partner(name: str, more: str = "") -> str:
    return f'[partners.{name}]\nfeeds = ["latest"]\n{more}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somewhere else than where the command runs: patterns are relative to the file."""
    monkeypatch.chdir("/")
    return write(tmp_path, MAIN)


def write(folder: Path, main: str = MAIN, **files: str) -> Path:
    (folder / "main.toml").write_text(main, encoding="utf-8")
    (folder / "conf.d").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "conf.d" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path) -> Settings:
    return load(folder / "main.toml", ADAPTERS)


def refused(folder: Path) -> str:
    with pytest.raises(ConfigError) as told:
        loaded(folder)
    return str(told.value)


def test_many_partners_are_many_files(folder: Path) -> None:
    write(folder, b=partner("gazette"), a=partner("herald", 'delay = "1h"'))
    (folder / "conf.d" / "c.toml.off").write_text("not = [toml", encoding="utf-8")
    assert list(loaded(folder).partners) == ["herald", "gazette"]


def test_no_file_there_is_nothing_wrong_but_a_named_one_must_be(folder: Path) -> None:
    assert loaded(folder).partners == {}
    write(folder, MAIN.replace("*.toml", "gazette.toml"))
    assert f"{folder}/conf.d/gazette.toml" in refused(folder)


def test_one_table_may_stand_in_parts_but_no_key_twice(folder: Path) -> None:
    endpoint = '[partners.gazette.endpoints.main]\ntype = "webhook"\nurl = "https://a.example/"\n'
    endpoint += 'secrets = ["whsec_dGhlIG5leHQgdmFsbGV5IGdhemV0dGUgcmVhZHMgYWxvbmc="]\n'
    write(folder, a=partner("gazette"), b=endpoint)
    assert list(loaded(folder).partners["gazette"].endpoints) == ["main"]
    write(folder, c=partner("gazette"))
    words = refused(folder)
    assert "partners.gazette.feeds" in words
    assert f"{folder}/conf.d/a.toml" in words
    assert f"{folder}/conf.d/c.toml" in words


@pytest.mark.parametrize("text", ['[publisher]\nname = "Other"\n', 'publisher = "x"\n'])
def test_a_clash_with_the_main_file_names_both(folder: Path, text: str) -> None:
    write(folder, a=text)
    words = refused(folder)
    assert f"{folder}/main.toml" in words
    assert f"{folder}/conf.d/a.toml" in words


def test_what_is_wrong_in_an_included_file_is_said_with_its_name(folder: Path) -> None:
    write(folder, a=partner("gazette", 'dela = "1h"'))
    words = refused(folder)
    assert "partners.gazette.dela: unknown key; did you mean 'delay'?" in words
    assert f"(in {folder}/conf.d/a.toml)" in words
    write(folder, a="[partners", b="")
    assert f"{folder}/conf.d/a.toml is not valid TOML" in refused(folder)


def test_an_included_file_includes_nothing(folder: Path) -> None:
    write(folder, a='include = "more.toml"')
    assert "only" in refused(folder)


@pytest.mark.parametrize("value", ["7", "[7]", '""', "{ a = 1 }"])
def test_include_is_a_pattern_or_several(folder: Path, value: str) -> None:
    write(folder, MAIN.replace('"conf.d/*.toml"', value))
    assert "include" in refused(folder)


def test_several_patterns_read_no_file_twice(folder: Path) -> None:
    write(
        folder,
        MAIN.replace('"conf.d/*.toml"', '["conf.d/*.toml", "conf.d/a.toml", "*.toml"]'),
        a=partner("x"),
    )
    assert list(loaded(folder).partners) == ["x"]


def test_include_is_no_environment_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNDICATE_INCLUDE", '["x.toml"]')
    assert "main file" in refused(folder)


def test_where_each_key_comes_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNDICATE_PARTNERS__GAZETTE__DELAY", "2h")
    write(folder, a=partner("gazette", 'delay = "1h"'))
    read, variables = origins(folder / "main.toml")

    def said(*key: str) -> str | None:
        return whence_of(read, variables, key)

    assert said("publisher", "name") == f"{folder}/main.toml"
    assert said("partners", "gazette", "feeds") == f"{folder}/conf.d/a.toml"
    assert said("partners", "gazette", "delay") == "SYNDICATE_PARTNERS__GAZETTE__DELAY"
    assert said("web", "port") is None
    assert loaded(folder).partners["gazette"].delay.total_seconds() == 7200


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    from syndicate.cli.main import run as command

    assert command(list(arguments)) == 0
    return capsys.readouterr().out


def test_config_show_says_where_and_can_be_read_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, a=partner("gazette", 'delay = "1h"'))
    file = str(folder / "main.toml")
    text = run("--config", file, "config", "show", capsys=capsys)
    assert f'delay = "1h"  # {folder}/conf.d/a.toml' in text
    assert f'name = "The Times"  # {folder}/main.toml' in text
    assert "port = 8080\n" in text
    again = folder / "again.toml"
    again.write_text(text.replace('url = "********"', 'url = "sqlite:///x.db"'), encoding="utf-8")
    kept, stated = load(again, ADAPTERS).model_dump(mode="json"), loaded(folder).model_dump(mode="json")
    assert kept == {**stated, "include": []}
    where: dict[str, Any] = json.loads(
        run("--config", file, "config", "show", "--origins", "--json", capsys=capsys)
    )
    assert where["partners.gazette.delay"] == f"{folder}/conf.d/a.toml"


def test_of_an_address_that_is_pushed_to_only_the_host_is_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = """
[partners.gazette.endpoints.main]
type = "webhook"
url = "https://desk:pa55word@gazette.example/hooks/T0K3N/in?key=s3cr3t"
secrets = ["whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="]
[notify.webhook]
url = "https://chat.example/services/T0K3N"
secret = "whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="
[external_hubs.main]
url = "https://hub.example/publish"
"""
    write(folder, a=partner("gazette", endpoint))
    text = run("--config", str(folder / "main.toml"), "config", "show", capsys=capsys)
    assert 'url = "https://********@gazette.example/********?key=********"' in text
    assert 'url = "https://chat.example/********"' in text
    assert 'url = "https://hub.example/publish"' in text
    assert not [word for word in ("T0K3N", "s3cr3t", "pa55word", "whsec_") if word in text]


def test_check_looks_at_the_secrets_of_every_file(folder: Path) -> None:
    from syndicate.surroundings import secret_files

    secret = folder / "secret"
    secret.write_text("whsec_dGhlIG5leHQgdmFsbGV5IGdhemV0dGUgcmVhZHMgYWxvbmc=", encoding="utf-8")
    endpoint = f'[partners.gazette.endpoints.main]\ntype = "webhook"\nurl = "https://a.example/"\nsecrets = [{{ file = "{secret}" }}]\n'
    write(folder, a=partner("gazette", endpoint))
    assert [path for _, path in secret_files(loaded(folder), folder / "main.toml")] == [secret]
