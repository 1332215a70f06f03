"""Credits at the end, beside the headline and in sentences (rules 3 to 6, 8)."""

from __future__ import annotations

import pytest
from desk import DIRECTORY, reading

from syndicate.config import Agency
from syndicate.editorial import Directory
from syndicate.model import CreditRole, NoticeKind

STORY = "A canal was opened on Monday in the north, officials said.\n\nIt is nine kilometres long."


@pytest.mark.parametrize(
    ("end", "line", "agency"),
    [
        (" -Pajhwok", "-Pajhwok", "Pajhwok Afghan News"),
        ("—APP", "—APP", "Associated Press of Pakistan"),
        (" (dpa)", "(dpa)", "Deutsche Presse-Agentur"),
        ("\n\n*AFP", "*AFP", "Agence France-Presse"),
        ("\n\n[Reuters]", "[Reuters]", "Reuters"),
        ("\n\nSource: EFE", "Source: EFE", "EFE"),
        ("\n\n/ritzau/", "/ritzau/", "Ritzau"),
        (" PTI SKL RT", "PTI SKL RT", "Press Trust of India"),
        ("\n\nTheo TTXVN", "Theo TTXVN", "Vietnam News Agency"),
    ],
)
def test_rule_4_a_trailing_credit(end: str, line: str, agency: str) -> None:
    got = reading(STORY + end)
    assert (got.credit.agency, got.credit.line, got.body) == (agency, line, STORY)


def test_rule_4_a_dash_behind_a_quotation_is_its_attribution() -> None:
    text = STORY + "\n\n“Plant first, talk later.” -Reuters"
    got = reading(text)
    assert got.credit.agency is None and got.body == text


def test_rule_5_a_mention_inside_the_body_never_counts() -> None:
    got = reading("A canal was opened, the minister told Pajhwok.\n\nReuters reported that it is long.")
    assert got.credit.agency is None and got.credit.agencies == ()


def test_rule_5_conflicting_credits_are_held() -> None:
    got = reading(f"Canal opens\n\nOSLO (AFP) — {STORY}\n\n— Reuters", kind="page")
    assert got.credit.agency == "Agence France-Presse" and got.conflict
    assert "Reuters" in got.conflict


def test_rule_6_a_pictures_credit_is_not_the_texts() -> None:
    got = reading(f"Canal opens\n\nBoats on the canal. (AP Photo/Noor Haidar)\n\n{STORY}", kind="page")
    assert got.credit.agency is None
    assert (got.caption, got.image_credit) == ("Boats on the canal.", "AP Photo/Noor Haidar")


def test_rule_8_nothing_is_made_up() -> None:
    got = reading(STORY)
    assert got.credit.agency is None and got.credit.role is None and got.credit.line is None


def test_roles_of_an_agency() -> None:
    assert reading(STORY + "\n\n(With inputs from PTI)").credit.role is CreditRole.CONTRIBUTOR
    assert reading(STORY + "\n\n(With inputs from agencies)").credit.role is CreditRole.GENERIC
    republished = reading(STORY + "\n\nThis story was originally published by Grist.")
    assert (republished.credit.agency, republished.credit.role) == ("Grist", CreditRole.REPUBLISHED)
    assert reading(STORY + " -AFP").credit.role is CreditRole.SOURCE


def test_a_press_release_wire_is_no_source() -> None:
    got = reading("NEW YORK, March 3, 2020 /PRNewswire/ -- Acme Lamps today said it will open a shop.")
    assert got.credit.agency is None and got.credit.agencies == ()


def test_reporters_in_a_sign_off_are_the_authors() -> None:
    got = reading(f"LONDON (Reuters) - {STORY} (Reporting by Ann Bell in London; Editing by Tom Farr)")
    assert got.byline == ("Ann Bell",) and got.body == STORY and got.credit.line == "(Reuters)"


def test_the_outlets_own_name_is_never_an_agency() -> None:
    got = reading(STORY + " -Pajhwok", publisher="Pajhwok")
    assert got.credit.agency is None


def test_rule_3_short_tags_match_letter_for_letter_and_the_longest_alias_wins() -> None:
    assert DIRECTORY.get("Associated Press of Pakistan") is not None
    assert DIRECTORY.match("ap") is None and DIRECTORY.match("Ap") is None
    assert DIRECTORY.match("Efe") is not None and DIRECTORY.match("eFE") is None
    found = DIRECTORY.match("REUTERS")
    assert found is not None and found.name == "Reuters"


def test_configured_agencies_outrank_the_built_in_ones() -> None:
    mine = Agency(name="Pajhwok", aliases=("PJW",), excerpt_words=60, url="https://pajhwok.example/")
    directory = Directory.build({"pajhwok": mine, "valley": Agency(name="Valley Wire", aliases=("VW",))})
    record = directory.get("PAN")
    assert record is not None
    assert (record.name, record.url, record.excerpt_words) == ("Pajhwok", "https://pajhwok.example/", 60)
    assert directory.get("PJW") is record and directory.get("Pajhwok Afghan News") is record
    assert reading(STORY + " -VW", directory=directory).credit.agency == "Valley Wire"


def test_an_unverified_address_is_not_given() -> None:
    unverified = DIRECTORY.get("Press Trust of India")
    verified = DIRECTORY.get("Reuters")
    assert unverified is not None and unverified.url is None
    assert verified is not None and verified.url == "https://www.reuters.com/"


def test_the_built_in_list_is_built_once() -> None:
    assert Directory.build({}) is Directory.build({})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("UPDATE 2-Canal opens in the north\n\nLONDON (Reuters) - " + STORY, NoticeKind.UPDATE),
        ("CORRECTED-Canal opens in the north\n\nLONDON (Reuters) - " + STORY, NoticeKind.CORRECTION),
        (
            STORY + "\n\nThis story has been corrected to show that the canal is in the north.",
            NoticeKind.CORRECTION,
        ),
        ("KABUL - Please kill the story Canal-North, V9991. It was not opened.", NoticeKind.KILL),
        ("Editor's Note: This is the first of three articles about canals.\n\n" + STORY, None),
        ("Editors asked in vain to kill a story about a canal, one of them said.\n\n" + STORY, None),
    ],
)
def test_notices(text: str, kind: NoticeKind | None) -> None:
    got = reading(text)
    assert got.notice is kind
    if kind is NoticeKind.KILL:
        assert got.excerpt == ""
    elif kind or text.startswith("Editor's"):
        assert got.body == STORY


def test_a_headline_given_by_the_source_is_not_repeated_in_the_body() -> None:
    from syndicate.model import Given

    got = reading("Canal opens at last.\n\n" + STORY, given=Given(headline="Canal opens at last."))
    assert got.body == STORY and got.headline == "Canal opens at last."
