"""Stories read a second, on one core: texts of 3 kB, pages of 60 kB, and one page of 5 MB.

    python benchmarks/reading.py [--seconds 2] [--profile]

The time is the processor's (``time.process_time``), so other work on the machine counts little.
The texts are made of the sentences below, every story with other numbers in them, so that no cache
answers for the rules.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import pstats
import resource
import time
from collections.abc import Callable

from syndicate.editorial import Directory, read
from syndicate.model import Draft, Given, InputKind

SENTENCES = (
    "The council of district {n} agreed on Tuesday that the upper canal will be cleaned before winter.",
    "“We have waited {n} months for this,” said the keeper of the lock, who has lived there since 1987.",
    "Engineers from the capital, led by Dr. A. Karimi, measured the banks and found {n} weak places.",
    "About 1,{n} households draw water from it, according to the department.",
    "The work costs 4.5 million and is paid for by the province; villages lend {n} labourers.",
    "A spokesman told Reuters in March that the plan was sound, and that {n} pumps had been ordered.",
)
TEASER = (
    '<li class="card"><a href="/story/{n}"><img src="/i/{n}.jpg" alt="">Market {n} opens at noon</a></li>'
)


def paragraphs(n: int, size: int) -> list[str]:
    """Paragraphs of a story of about ``size`` characters."""
    rows = itertools.cycle(SENTENCES)
    found: list[str] = []
    while sum(map(len, found)) < size:
        found.append(" ".join(next(rows).format(n=n + k) for k in range(3)))
    return found


def story(n: int) -> str:
    """A story's text of about 3 kB."""
    body = paragraphs(n, 2900)
    return (
        f"Canal {n} to be cleaned\n\nBy Nora Lind\n\nHERAT, March 3 (Pajhwok): " + "\n\n".join(body) + " -AFP"
    )


def page(n: int, size: int = 60_000) -> str:
    """A page of ``size`` characters around a story of 3 kB, as a theme prints it."""
    body = "".join(f"<p>{p}</p>" for p in paragraphs(n, 2900))
    teasers = "".join(TEASER.format(n=n + k) for k in range(max(0, (size - 5000) // len(TEASER))))
    return (
        f"<html><head><title>Canal {n} - Courier</title></head><body><nav><ul>"
        f"{teasers[: len(teasers) // 2]}</ul></nav><div class=wrap><article><h1>Canal {n}</h1>"
        f"<div class=entry-meta>By Nora Lind</div>{body}</article>"
        f"<div class=more><ul>{teasers[len(teasers) // 2 :]}</ul></div></div></body></html>"
    )


def rate(make: Callable[[int], str], kind: InputKind, seconds: float) -> float:
    """Drafts read in a second of processor time."""
    directory = Directory.build({})
    texts = [make(n * 10) for n in range(40)]
    drafts = [
        Draft(source="b", source_id=str(i), kind=kind, text=t, given=Given()) for i, t in enumerate(texts)
    ]
    for draft in drafts:
        read(draft, directory)
    start, done = time.process_time(), 0
    while time.process_time() - start < seconds:
        read(drafts[done % len(drafts)], directory)
        done += 1
    return done / (time.process_time() - start)


def main() -> None:
    """Print the figures."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--seconds", type=float, default=2.0)
    ask.add_argument("--profile", action="store_true", help="show where the time of the texts goes")
    args = ask.parse_args()
    if args.profile:
        profile = cProfile.Profile()
        profile.runcall(rate, story, InputKind.BODY, args.seconds)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    for name, make, kind in (
        ("story texts", story, InputKind.BODY),
        ("page texts", story, InputKind.PAGE),
        ("HTML pages", page, InputKind.HTML),
    ):
        size = len(make(1)) / 1000
        print(f"{name} of {size:.1f} kB   {rate(make, kind, args.seconds):7.0f} a second")
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read(
        Draft(source="b", source_id="5", kind=InputKind.HTML, text=page(1, 5_000_000), given=Given()),
        Directory.build({}),
    )
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(f"one page of 5 MB       {time.process_time() - start:7.2f} s, {grown} MB more memory")


if __name__ == "__main__":
    main()
