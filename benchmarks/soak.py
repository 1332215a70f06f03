"""Pull the plug many times: ``./dev soak [KILLS] [SEED]``. Ends with a tally; exit status 1 on any fault."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "daemon"))

from newsroom import Newsroom, Partner
from plug import pull_the_plug

QUICK = '[delivery]\nretry = ["200ms", "500ms", "1s"]'


def main(kills: int = 50, seed: int = 1) -> int:
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
            tally = pull_the_plug(newsroom, partner, kills, seed=seed, tell=print)
        finally:
            newsroom.close()
            partner.close()
    for name, value in vars(tally).items():
        print(f"{name:14} {value}")
    print(f"{'seconds':14} {time.monotonic() - begun:.0f}")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    raise SystemExit(main(*(int(word) for word in sys.argv[1:3])))
