"""Which way a language is written."""

from __future__ import annotations

RTL_LANGUAGES = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "prs", "ps", "sd", "ug", "ur", "yi"}
)


def direction(language: str) -> str:
    """``"rtl"`` or ``"ltr"`` for a BCP 47 language tag; a script subtag decides first."""
    parts = language.lower().replace("_", "-").split("-")
    if "arab" in parts or "hebr" in parts:
        return "rtl"
    if "latn" in parts or "cyrl" in parts:
        return "ltr"
    return "rtl" if parts[0] in RTL_LANGUAGES else "ltr"
