"""All looks in one: the machine, the database, then everything over the network side by side."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from syndicate.config import Settings
from syndicate.doctor.database import Stored, database
from syndicate.doctor.finding import Check
from syndicate.doctor.machine import machine
from syndicate.doctor.network import network
from syndicate.doctor.software import software


async def examine(settings: Settings, file: Path, now: datetime) -> list[Check]:
    """Every check, in the order of a person's questions. ``file``: the configuration. Changes nothing."""
    stored = Stored()
    checks = list(software())
    checks += database(settings, stored)
    checks += machine(settings, file, running=stored.running)
    checks += await network(settings, stored, now)
    return checks
