"""Datelines in the forms agencies print (rule 2)."""

from __future__ import annotations

import pytest
from desk import reading

LINES = [
    ("KABUL (Pajhwok): {}", "en", "KABUL", None, "Pajhwok Afghan News"),
    ("KABUL (BNA) {}", "en", "KABUL", None, "Bakhtar News Agency"),
    ("MANAMA, March 3 (BNA): {}", "en", "MANAMA", "March 3", "Bahrain News Agency"),
    ("New Delhi, Oct 2 (PTI) {}", "en", "New Delhi", "Oct 2", "Press Trust of India"),
    ("WICHITA, Kan. (AP) — {}", "en", "WICHITA, Kan.", None, "Associated Press"),
    ("Amritsar (Punjab), Oct 02 (ANI): {}", "en", "Amritsar (Punjab)", "Oct 02", "Asian News International"),
    ("(ANSA) - ROME, JUL 11 - {}", "en", "ROME", "JUL 11", "ANSA"),
    ("(Reuters) - {}", "en", None, None, "Reuters"),
    ("ISLAMABAD, Mar 6 (APP):{}", "en", "ISLAMABAD", "Mar 6", "Associated Press of Pakistan"),
    ("KARACHI: {}", "en", "KARACHI", None, None),
    ("WASHINGTON -- {}", "en", "WASHINGTON", None, None),
    ("KAZAN, August 25. /TASS/. {}", "en", "KAZAN", "August 25", "TASS"),
]
OTHERS = [
    (
        "МОСКВА, 25 августа. /ТАСС/. Новая линия откроется весной, сообщили в мэрии.",
        "ru",
        "МОСКВА",
        "25 августа",
        "TASS",
    ),
    (
        "МОСКВА, 3 мар - РИА Новости. Новая линия откроется весной, сообщили в мэрии.",
        "ru",
        "МОСКВА",
        "3 мар",
        "RIA Novosti",
    ),
    (
        "КИЇВ, 3 березня. Укрінформ. Новий парк відкрили в понеділок у місті.",
        "uk",
        "КИЇВ",
        "3 березня",
        "Ukrinform",
    ),
    (
        "کابل (پژواک، ۱۲ وري): د کابل ښاروالۍ وایي چې نوي سړکونه به جوړ شي.",
        "ps",
        "کابل",
        "۱۲ وري",
        "Pajhwok Afghan News",
    ),
    (
        "تهران - ایرنا - شهرداری تهران پارک تازه ای را گشود.",
        "fa",
        "تهران",
        None,
        "Islamic Republic News Agency",
    ),
    ("القاهرة - رويترز: أعلنت وزارة الثقافة افتتاح متحف جديد في المدينة.", "ar", "القاهرة", None, "Reuters"),
    (
        "أبوظبي في 3 مارس / وام / افتتحت البلدية حديقة عامة جديدة في المدينة.",
        "ar",
        "أبوظبي",
        "3 مارس",
        "Emirates News Agency",
    ),
    (
        "नई दिल्ली, तीन मार्च (भाषा) राजधानी में सोमवार को एक नया उद्यान खुला।",
        "hi",
        "नई दिल्ली",
        "तीन मार्च",
        "Press Trust of India",
    ),
    ("【ロンドン共同】ロンドンの美術館は3日、新しい展示室を開いた。", "ja", "ロンドン", None, "Kyodo News"),
    ("[서울=뉴시스]홍길동 기자 = 서울시는 새 공원을 연다고 3일 밝혔다.", "ko", "서울", None, "Newsis"),
    (
        "中新社北京3月15日电 (记者 林晓)城西一座新公园将于下月开放。",
        "zh",
        "北京",
        "3月15日",
        "China News Service",
    ),
    (
        "Praha 3. března (ČTK) - Nový park byl otevřen v pondělí ráno.",
        "cs",
        "Praha",
        "3. března",
        "Česká tisková kancelář",
    ),
    (
        "Lisboa, 03 mar 2020 (Lusa) - A câmara abriu hoje um novo jardim.",
        "pt",
        "Lisboa",
        "03 mar 2020",
        "Lusa",
    ),
]
STORY = "A canal was opened on Monday in the north, officials said.\n\nIt is nine kilometres long."


@pytest.mark.parametrize(("form", "lang", "place", "date", "agency"), LINES)
def test_a_dateline_is_taken_apart(
    form: str, lang: str, place: str | None, date: str | None, agency: str | None
) -> None:
    got = reading(form.format(STORY), lang=lang)
    assert got.dateline is not None
    assert (got.dateline.place, got.dateline.date, got.dateline.agency) == (place, date, agency)
    assert got.credit.agency == agency
    assert got.body == STORY


@pytest.mark.parametrize(("text", "lang", "place", "date", "agency"), OTHERS)
def test_a_dateline_is_taken_apart_in_many_languages(
    text: str, lang: str, place: str, date: str | None, agency: str
) -> None:
    got = reading(text, lang=lang)
    assert got.dateline is not None
    assert (got.dateline.place, got.dateline.date, got.dateline.agency) == (place, date, agency)
    assert got.credit.agency == agency
    assert text.endswith(got.body) and agency not in got.body


@pytest.mark.parametrize(
    "text",
    [
        "The Australian Federal Police (AFP) has lent its band to a school, it said.",
        "NASA: the mission goes on for a year, the office said on Monday.",
        "AP Calculus scores rose at the hill school this year, its principal said.",
        "From the roof you can count forty kites, most of them made of old maps.",
        "He said: this is not a dateline, and it never was one.",
    ],
)
def test_what_is_no_dateline_stays_in_the_text(text: str) -> None:
    got = reading(text)
    assert got.dateline is None and got.credit.agency is None and got.body == text


def test_rule_2_a_glued_caption_is_split_only_before_a_separator() -> None:
    split = reading("The old bridgeKABUL: A bridge was repaired on Monday, officials said.")
    assert (
        split.caption == "The old bridge" and split.dateline is not None and split.dateline.place == "KABUL"
    )
    whole = reading("The firm iPHONEX said on Monday that it would open a shop.")
    assert whole.caption is None and whole.dateline is None


def test_letters_of_pashto_and_urdu_are_left_as_they_are() -> None:
    text = "په کابل کې د ښوونځي نوې ودانۍ جوړه شوه، چارواکي وايي.\n\nمی‌خواهم ك ي ى ۍ."
    assert reading(text, lang="ps").body == text
