"""Types to JSON and back."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter


@lru_cache(maxsize=64)
def adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """A cached pydantic adapter: these types to JSON and back."""
    return TypeAdapter(kind)
