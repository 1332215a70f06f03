"""Pull the plug many times: ``./dev soak [KILLS] [SEED] [MINUTES]``.

Ends with a tally, at the latest some minutes after MINUTES; exit status 1 on any fault.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "daemon"))

from newsroom import Newsroom, Partner
from others import EXTRA
from plug import pull_the_plug

QUICK = '[delivery]\nretry = ["200ms", "500ms", "1s"]' + EXTRA


def main(kills: int = 50, seed: int = 1, minutes: int = 60) -> int:
    """Run the rounds in a folder that is removed afterwards."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        partner = Partner()
        newsroom = Newsroom(Path(folder), partner, extra=QUICK)
        text = newsroom.config.read_text(encoding="utf-8")
        newsroom.config.write_text(
            text.replace("[feeds.latest]", "[feeds.latest]\nlimit = 10000"), encoding="utf-8"
        )
        try:
            tally = pull_the_plug(newsroom, partner, kills, seed=seed, minutes=minutes, tell=print)
        finally:
            newsroom.close()
            partner.close()
    for name, value in vars(tally).items():
        print(f"{name:14} {value}")
    print(f"{'seconds':14} {time.monotonic() - begun:.0f}")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    raise SystemExit(main(*(int(word) for word in sys.argv[1:4])))
