"""Contrast as WCAG 2.2 counts it, and an accent that can be read whatever colour an outlet has."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

AA = 4.5
"""The least contrast of text (success criterion 1.4.3)."""

_AIM = 4.6  # a little more, so that rounding to 8 bits never falls short
_STEPS = 200


def contrast(one: str, other: str) -> float:
    """Between two colours like ``"#0b57a4"``: 1 (none) to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, grounds: Sequence[str]) -> str:
    """The colour itself where it can be read on every ground, else the nearest of its hue that can.

    ``grounds`` are all light or all dark.
    """
    hue, light, saturation = colorsys.rgb_to_hls(*_channels(colour))
    towards = 0.0 if _luminance(grounds[0]) > 0.18 else 1.0
    for step in range(_STEPS + 1):
        made = _hex(hue, light + (towards - light) * step / _STEPS, saturation)
        if all(contrast(made, ground) >= _AIM for ground in grounds):
            return made
    raise ValueError(f"no lightness of {colour} can be read on {', '.join(grounds)}")


def _luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(hue: float, light: float, saturation: float) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, light, saturation))
