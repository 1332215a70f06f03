"""A clock that was ahead and is set right: what was dated by it does not stop what comes after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from house import House, draft


@pytest.mark.parametrize("back", [timedelta(minutes=30), timedelta(days=3)])
def test_what_is_withdrawn_leaves_the_documents_though_they_are_dated_ahead(
    house: House, back: timedelta
) -> None:
    house.take(draft("a"), draft("b"))
    house.later(days=4)
    house.take(draft("c"))
    house.publish()
    house.now -= back
    house.withdraw("a", "wrong")
    house.take(draft("d"))
    house.publish()
    for name in ("rss.xml", "atom.xml", "feed.json"):
        shown = house.text("latest", name)
        assert "About a" not in shown, name
        assert "About d" in shown, name
