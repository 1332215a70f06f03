"""Everything that can go wrong on purpose, as one tree.

::

    SyndicateError
    ├── UsageError            wrong arguments                        exit 2
    ├── ConfigError           the configuration is not usable        exit 2
    ├── AlreadyRunning        another daemon holds the database      exit 3
    ├── NotFound              no such article, lane, feed …          exit 1
    ├── StorageError          the database cannot be used            exit 1
    ├── SourceError           a source could not be read             exit 1
    ├── StoryError            one story cannot be taken or rendered  exit 1
    └── DocumentError         a document failed its checks           exit 1

Each carries what was wrong and, in ``fix``, what to do about it. Nobody
outside the project needs to parse a message: ``code`` names the kind.
"""

from __future__ import annotations


class SyndicateError(Exception):
    """The root. ``exit_status`` is what the command line ends with."""

    exit_status = 1

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    @property
    def code(self) -> str:
        """The kind of error, for machines: the class's name."""
        return type(self).__name__

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message


class UsageError(SyndicateError):
    """The command was called with arguments that make no sense; see ``--help``."""

    exit_status = 2


class ConfigError(SyndicateError):
    """The configuration cannot be used; the message names the key and the fix."""

    exit_status = 2


class AlreadyRunning(SyndicateError):
    """Another process works on this database; stop it or use another database."""

    exit_status = 3


class NotFound(SyndicateError):
    """What was named does not exist; the message says where to look up names."""


class StorageError(SyndicateError):
    """The database cannot be opened, migrated or written."""


class SourceError(SyndicateError):
    """A source could not be read; it is tried again at its next turn."""


class StoryError(SyndicateError):
    """One story cannot be taken, or cannot be rendered; the others go on."""


class DocumentError(SyndicateError):
    """A rendered document failed its checks; the last good one stays published."""
