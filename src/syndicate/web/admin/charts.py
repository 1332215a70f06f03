"""Pictures drawn by the server: SVG without style attributes, so that the strictest policy lets them pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from syndicate.web.admin.parts import join

HEIGHT = 96


def bars(
    values: Sequence[int], titles: Sequence[str], label: str, marks: Sequence[tuple[int, str]]
) -> Markup:
    """A bar for each value; ``marks`` are words under some of them, by place."""
    most = max(max(values, default=0), 1)
    step = 720 / max(len(values), 1)
    gap = 2 if step > 8 else 0.6
    form = Markup(
        '<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" class="{}"><title>{}: {}</title></rect>'
    )
    drawn = join(
        form.format(
            i * step, HEIGHT - _high(v, most), step - gap, _high(v, most), "bar" if v else "bar zero", t, v
        )
        for i, (v, t) in enumerate(zip(values, titles, strict=True))
    )
    whole = Markup(
        '<svg class=chart viewBox="0 0 720 98" role=img aria-label="{}" preserveAspectRatio="none">{}'
        '<line x1="0" y1="{}" x2="720" y2="{}" class=axis /></svg>'
        "<div class=marks aria-hidden=true>{}</div>"
    )
    return whole.format(label, drawn, HEIGHT, HEIGHT, _marks(marks))


def _marks(marks: Sequence[tuple[int, str]]) -> Markup:
    return join(Markup("<span>{}</span>").format(words) for _, words in marks)


def _high(value: int, most: int) -> float:
    return max(value / most * (HEIGHT - 4), 3.0) if value else 1.0


TONES: Mapping[str, str] = {
    "delivered": "good",
    "waiting": "off",
    "retry": "wait",
    "fault": "wait",
    "refused": "bad",
    "gone": "bad",
}


def shares(parts: Mapping[str, int], label: str) -> Markup:
    """How many of all ended how, as one bar."""
    whole = max(sum(parts.values()), 1)
    drawn, x = [], 0.0
    form = Markup(
        '<rect x="{:.2f}" y="0" width="{:.2f}" height="12" class="share {}"><title>{}: {}</title></rect>'
    )
    for name in sorted(parts, key=lambda n: list(TONES).index(n) if n in TONES else 9):
        wide = parts[name] / whole * 240
        drawn.append(form.format(x, wide, TONES.get(name, "off"), name, parts[name]))
        x += wide
    svg = Markup(
        '<svg class=shares viewBox="0 0 240 12" role=img aria-label="{}" preserveAspectRatio="none">{}</svg>'
    )
    return svg.format(label, join(drawn))
