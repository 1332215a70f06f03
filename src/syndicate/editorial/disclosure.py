"""What readers are told about a text or picture that a machine had a hand in.

The words are chosen by IPTC's digital source type
(http://cv.iptc.org/newscodes/digitalsourcetype/) and the story's language.
Types that name no machine's doing (a photograph, a scan) are not announced.
"""

from __future__ import annotations

from collections.abc import Mapping

from syndicate.editorial.wording import wording

_SAID: Mapping[str, str] = {
    "trainedAlgorithmicMedia": "made_by_ai",
    "compositeWithTrainedAlgorithmicMedia": "made_with_ai",
    "compositeSynthetic": "made_with_ai",
    "algorithmicallyEnhanced": "made_with_ai",
    "algorithmicMedia": "made_automatically",
    "dataDrivenMedia": "made_automatically",
}


def source_type_code(stated: str | None) -> str | None:
    """The type's code, however it was stated: an address, ``digsrctype:CODE`` or the code itself."""
    words = "".join((stated or "").split())
    return words.rstrip("/").rpartition("/")[2].rpartition(":")[2] or None


def disclosure(stated: str | None, language: str) -> str | None:
    """The sentence, in the story's language; ``None`` where there is nothing to tell."""
    key = _SAID.get(source_type_code(stated) or "")
    return wording(language)[key] if key else None
