"""The partner of the example that pulls, as a process of its own against the real application."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from pulldaemon import Outlet, outlet

from apps import run

ROOT = Path(__file__).parents[2]


async def pull(made: Outlet, folder: Path) -> tuple[int, str]:
    token = folder / "token"
    if not token.exists():
        token.write_text(made.token("gazette"))
    command = [str(ROOT / "examples/pull_client.py"), made.path("gazette", ""), "--once"]
    more = ["--token-file", str(token), "--folder", str(folder / "kept")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, *more, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode()


def kept(folder: Path) -> list[Any]:
    return [json.loads(file.read_text()) for file in sorted((folder / "kept").glob("*.json"))]


def test_it_keeps_what_is_published_and_removes_what_is_withdrawn(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            await made.publish("two")
            status, said = await pull(made, tmp_path)
            assert (status, len(kept(tmp_path))) == (0, 2), said
            assert "About one  version 1" in said
            await made.withdraw("one")
            await made.publish("two", words="It says something else now. And it says it twice.")
            status, said = await pull(made, tmp_path)
            assert status == 0, said
            assert "removed" in said
            found = {(k["version"], k["story"] is None) for k in kept(tmp_path)}
            assert found == {("2", True), ("2", False)}
            with made.app.storage.read() as tx:
                assert [a.action for a in tx.pulls.acks(partner="gazette")] == ["removed"]
                assert tx.pulls.unconfirmed() == []
            (tmp_path / "kept" / "cursor").unlink()  # a crash before the cursor was kept
            assert (await pull(made, tmp_path))[0] == 0
            assert {(k["version"], k["story"] is None) for k in kept(tmp_path)} == found

    run(go())


def test_it_begins_anew_where_the_publisher_restored_a_backup(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            await made.publish("one")
            await pull(made, tmp_path)
            (tmp_path / "kept" / "cursor").write_text("00000000.1")
            status, said = await pull(made, tmp_path)
            assert status == 0, said
            assert "began anew" in said
            assert (tmp_path / "kept" / "cursor").read_text().endswith(".1")

    run(go())


def test_a_wrong_token_ends_it_with_the_reason(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            (tmp_path / "token").write_text("syn_wrong")
            status, said = await pull(made, tmp_path)
            assert status == 1
            assert "401" in said
            assert "syn_wrong" not in said

    run(go())
