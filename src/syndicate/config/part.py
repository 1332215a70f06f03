"""What every table of settings is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A table of settings: unknown keys are errors, values do not change."""

    # Built when a table is first read: until then most are only parts of a larger one, which is built whole.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
