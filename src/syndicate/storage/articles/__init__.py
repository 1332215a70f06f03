"""Articles, their identities, revisions, drafts and what operators decided about them."""

from syndicate.storage.articles.decisions import Decisions
from syndicate.storage.articles.finding import Finding
from syndicate.storage.articles.journal import Journal
from syndicate.storage.articles.owed import Owed
from syndicate.storage.articles.rows import JournalRow, RevisionRow, Withdrawal, floor_of
from syndicate.storage.articles.writing import Writing
from syndicate.storage.counters import FLOOR

__all__ = ["FLOOR", "Articles", "Journal", "JournalRow", "RevisionRow", "Withdrawal", "floor_of"]


class Articles(Finding, Writing, Decisions, Owed):
    """Everything about stored stories, inside one transaction."""
