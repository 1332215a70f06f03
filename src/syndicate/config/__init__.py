"""Configuration: a TOML file, the environment and secret files, checked as one.

``load`` is the only way in. Options of sources and endpoints are declared by
their adapters; whoever calls ``load`` passes them, so that this package stays
below the adapters it describes.
"""

from syndicate.config.load import Adapters, load, settings_type
from syndicate.config.look import Look
from syndicate.config.notify import Notify
from syndicate.config.part import Part
from syndicate.config.publish import FolderMirror, Mirror, S3Mirror, SftpMirror
from syndicate.config.rights import OutletRights, Rights
from syndicate.config.settings import (
    Agency,
    Editorial,
    EndpointOptions,
    ExternalHub,
    Feed,
    Matching,
    MediaCare,
    Partner,
    Publisher,
    Settings,
    SourceOptions,
    Vocabularies,
)
from syndicate.config.values import (
    Duration,
    Secret,
    check_signing_secret,
    format_duration,
    parse_duration,
    parse_mailbox,
)

__all__ = [
    "Adapters",
    "Agency",
    "Duration",
    "Editorial",
    "EndpointOptions",
    "ExternalHub",
    "Feed",
    "FolderMirror",
    "Look",
    "Matching",
    "MediaCare",
    "Mirror",
    "Notify",
    "OutletRights",
    "Part",
    "Partner",
    "Publisher",
    "Rights",
    "S3Mirror",
    "Secret",
    "Settings",
    "SftpMirror",
    "SourceOptions",
    "Vocabularies",
    "check_signing_secret",
    "format_duration",
    "load",
    "parse_duration",
    "parse_mailbox",
    "settings_type",
]
