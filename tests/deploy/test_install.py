"""The unit, the layout, the container's recipe and compose: what can be tested without starting them."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from syndicate.installed import load_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def unit(key: str) -> list[str]:
    text = (DEPLOY / "syndicate.service").read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


@pytest.fixture
def analyze() -> str:
    return shutil.which("systemd-analyze") or pytest.skip("there is no systemd-analyze here")


def test_the_unit_is_one_that_systemd_understands(analyze: str, tmp_path: Path) -> None:
    text = (DEPLOY / "syndicate.service").read_text()
    copy = tmp_path / "syndicate.service"
    copy.write_text(text.replace("/usr/lib/syndicate/bin/syndicate", sys.executable))
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=120
    )
    ours = [line for line in done.stderr.splitlines() if "syndicate" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


def test_the_unit_is_hardened(analyze: str) -> None:
    words = [analyze, "security", "--offline=true", "--threshold=20", str(DEPLOY / "syndicate.service")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-800:]


def test_the_unit_waits_for_ready_and_watches() -> None:
    assert unit("Type") == ["notify"]
    assert int(unit("WatchdogSec")[0]) >= 30
    assert unit("ExecReload") == ["/bin/kill -HUP $MAINPID"]
    assert unit("RestartPreventExitStatus") == ["2 3"]  # docs/commands.md: neither is mended by a restart


def test_the_layout_is_in_place_and_closed_where_it_must_be(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(DEPLOY / "install"), "--files"],
        env={**os.environ, "DESTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "syndicate init --layout system" in done.stdout
    for place, mode in (
        ("etc/syndicate/conf.d", 0o755),
        ("etc/syndicate/secrets", 0o700),
        ("var/lib/syndicate/state", 0o700),
        ("var/lib/syndicate/feeds", 0o755),
        ("usr/lib/systemd/system/syndicate.service", 0o644),
        ("usr/lib/sysusers.d/syndicate.conf", 0o644),
        ("usr/lib/tmpfiles.d/syndicate.conf", 0o644),
    ):
        assert stat.S_IMODE((tmp_path / place).stat().st_mode) == mode, place
    program = unit("ExecStart")[0].split()[0]
    assert (tmp_path / "usr/bin/syndicate").readlink() == Path("..", *Path(program).parts[2:])


def test_unit_layout_and_init_name_the_same_places() -> None:
    from syndicate.starting import SYSTEM_FILE, Answers, _places

    places = _places("system", SYSTEM_FILE)
    folders = {
        line.split()[1]
        for line in (DEPLOY / "syndicate.tmpfiles").read_text().splitlines()
        if line[:1] == "d"
    }
    assert {str(places.state), str(places.feeds), str(places.secrets)} <= folders
    assert f"SYNDICATE_CONFIG={SYSTEM_FILE}" in unit("Environment")[0].split()
    assert Answers(name="x", site="y").layout == "here"


def test_what_the_container_copies_is_there_and_not_ignored() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [
        w for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for w in line.split()[:-1]
    ]
    assert copied
    kept = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    for name in copied:
        assert (ROOT / name).exists(), name
        assert name in kept, f"{name} is left out by .containerignore"
    assert (ROOT / ".dockerignore").read_text() == (ROOT / ".containerignore").read_text()
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {metadata["readme"], "LICENSE", "src"} <= set(copied)


def test_the_container_runs_as_nobody_and_says_whether_it_is_well() -> None:
    last = (DEPLOY / "Containerfile").read_text().rpartition("\nFROM ")[2]
    assert re.search(r"^USER syndicate$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    check = re.search(r"CMD (\[\"python.*\])", last)
    assert check
    code = yaml.safe_load(check[1])[2]
    compile(code, "healthcheck", "exec")
    assert "/readyz" in code
    assert f"SYNDICATE_CONFIG={'/etc/syndicate/syndicate.toml'}" in last


def test_every_library_an_extra_names_is_locked_for_the_container() -> None:
    locked = (ROOT / "requirements/all.txt").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for requirement in (r for of in extras.values() for r in of):
        name = re.split(r"[\[>=;]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}(\[.*\])?==", locked, re.MULTILINE), name


def test_compose_names_only_what_is_there(tmp_path: Path) -> None:
    made = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    copy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copy, ignore=shutil.ignore_patterns("secrets", "stories", "conf.d"))
    subprocess.run([str(copy / "compose/prepare")], check=True, capture_output=True, timeout=120)
    mounts = [v for s in made["services"].values() for v in s.get("volumes", []) if v.startswith("./")]
    secrets = [s["file"] for s in made["secrets"].values()]
    for place in [*(m.split(":")[0] for m in mounts), *secrets]:
        assert (copy / place).exists(), place
    assert stat.S_IMODE((copy / "compose/secrets").stat().st_mode) == 0o700
    password = (copy / "compose/secrets/database_password").read_text().strip()
    subprocess.run([str(copy / "compose/prepare")], check=True, capture_output=True, timeout=120)
    assert (copy / "compose/secrets/database_password").read_text().strip() == password
    named = {v.split(":")[0] for s in made["services"].values() for v in s.get("volumes", []) if v[0] != "."}
    assert named == set(made["volumes"])


def test_composes_configuration_is_in_order(tmp_path: Path) -> None:
    secret = tmp_path / "database_url"
    secret.write_text("postgresql://syndicate:x@database/syndicate")
    text = (DEPLOY / "compose/syndicate.toml").read_text().replace("/run/secrets/database_url", str(secret))
    (tmp_path / "syndicate.toml").write_text(text)
    settings = load_settings(tmp_path / "syndicate.toml")
    made = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    targets = [v.split(":")[1] for v in made["syndicate"]["volumes"]]
    assert str(settings.sources["desk"].path) in targets  # type: ignore[attr-defined]
    assert any(str(settings.output.path).startswith(t) for t in targets)
    name = (DEPLOY / "compose/Caddyfile").read_text()
    assert settings.publisher.base_url.removeprefix("https://").rstrip("/") in name
    assert f"syndicate:{settings.web.port}" in name


def test_caddy_takes_composes_caddyfile() -> None:
    caddy = shutil.which("caddy") or pytest.skip("there is no Caddy here")
    words = [caddy, "adapt", "--adapter", "caddyfile", "--config", str(DEPLOY / "compose/Caddyfile")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr
