"""Datelines (rule 2): place, optional date, optional agency, and a separator.

Nothing here searches: a dateline is read only at the beginning of the text it
is given, and what stands before a separator is taken apart from its end.
"""

from syndicate.editorial.dateline.parts import Found
from syndicate.editorial.dateline.read import alone, find

__all__ = ["Found", "alone", "find"]
