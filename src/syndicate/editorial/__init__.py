"""The editor's eye: reads headline, byline, credit, dateline, notices and excerpt out of a draft.

Pure functions: nothing here reads a file (but the package's own data), a clock or a network.
"""

from syndicate.editorial.agencies import AgencyRecord, Directory
from syndicate.editorial.clean import paragraphs_to_markup, sanitise, text_of, xml_text
from syndicate.editorial.excerpt import excerpt
from syndicate.editorial.reader import ReadOptions, read
from syndicate.editorial.rules import Rules, load_rules

__all__ = [
    "AgencyRecord",
    "Directory",
    "ReadOptions",
    "Rules",
    "excerpt",
    "load_rules",
    "paragraphs_to_markup",
    "read",
    "sanitise",
    "text_of",
    "xml_text",
]
