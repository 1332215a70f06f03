"""Reading what people type for a moment, a name, a choice."""

from __future__ import annotations

from syndicate.moments import moment

__all__ = ["moment"]
