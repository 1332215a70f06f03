"""SIGKILL at random moments: nothing lost, nothing out of order, no torn file."""

from __future__ import annotations

from newsroom import Newsroom, Partner
from others import EXTRA
from plug import pull_the_plug


def test_nothing_is_lost_when_the_plug_is_pulled(newsroom: Newsroom, partner: Partner) -> None:
    newsroom.write_config('[delivery]\nretry = ["200ms", "500ms"]' + EXTRA)
    newsroom.config.write_text(
        newsroom.config.read_text(encoding="utf-8").replace("[feeds.latest]", "[feeds.latest]\nlimit = 5000"),
        encoding="utf-8",
    )
    tally = pull_the_plug(newsroom, partner, kills=4)
    assert tally.faults == []
    assert tally.kills == 4
    assert tally.stories > 5
    assert tally.pushes > tally.delivered, "the partner never flapped"
    assert tally.delivered >= tally.stories - tally.withdrawals
    assert tally.databases_checked == 5
    assert min(tally.brought, tally.stories_pulled, tally.hub_pushes) > 3, "somebody was not there"
