from desk import HERE, reading

from syndicate.model import InputKind


def test_the_seed_page_is_read_as_an_editor_would() -> None:
    text = (HERE / "seed-page.txt").read_text(encoding="utf-8")
    got = reading(text, kind=InputKind.PAGE)
    assert got.headline == "Radical change in approach to Pakistan: US official"
    assert got.section == "Latest News"
    assert got.caption == "The White House"
    assert got.dateline is not None
    assert (got.dateline.place, got.dateline.agency) == ("WASHINGTON", None)
    assert (got.credit.agency, got.credit.line) == ("Pajhwok Afghan News", "-Pajhwok")
    assert got.byline == () and got.notice is None and got.conflict is None
    assert got.publisher == "The Pashtun Times"
    assert got.body.startswith("The United States has said it is time")
    assert got.body.endswith("in the region,” the official said.")
    assert got.excerpt.startswith("The United States has said it is time for Pakistan")
    assert got.excerpt.split("\n")[0].rstrip()[-1] in ".”"
    assert "counterterrorism goals ." in got.body, "the stray space is the source's own"
    for gone in (
        "Home /",
        "The White House",
        "-Pajhwok",
        "About The Pashtun",
        "Leave a Reply",
        "Check Also",
        "Kabul will forever",
    ):
        assert gone not in got.body and gone not in got.excerpt and gone not in got.markup


def test_evidence_points_at_the_words_that_decided() -> None:
    text = (HERE / "seed-page.txt").read_text(encoding="utf-8")
    got = reading(text, kind=InputKind.PAGE)
    placed = [e for e in got.evidence if e.start is not None]
    assert {"dateline", "agency", "caption", "headline"} <= {e.field for e in placed}
    assert all(text[e.start : e.end] == e.words for e in placed)
