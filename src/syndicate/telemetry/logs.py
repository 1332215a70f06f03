"""Structured logs on standard error: for people on a terminal, JSON lines otherwise."""

from __future__ import annotations

import logging
import os
import sys

import structlog

from syndicate.config.settings import Log


def configure(settings: Log) -> None:
    """Set up logging for this process. NO_COLOR is respected."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    people = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_nothing,
            *_rendering(people),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _rendering(people: bool) -> list[structlog.typing.Processor]:
    if people:
        colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        return [structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=22)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _without_nothing(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {key: value for key, value in event.items() if value is not None}
