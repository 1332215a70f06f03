"""The excerpt: whole sentences, in every script (rule 7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.editorial import excerpt
from syndicate.editorial.sentences import sentences

FIRST = [
    (
        "U.S. officials said Mr. Dale Harmon Jr., of St. Louis, will lead. Work starts.",
        "en",
        "U.S. officials said Mr. Dale Harmon Jr., of St. Louis, will lead.",
    ),
    (
        "The board met at 8 a.m. Tuesday at the court. It agreed.",
        "en",
        "The board met at 8 a.m. Tuesday at the court.",
    ),
    (
        "The atlas by A. R. Khan cost Rs. 900 at No. 4 Mall Road. It is old.",
        "en",
        "The atlas by A. R. Khan cost Rs. 900 at No. 4 Mall Road.",
    ),
    (
        "Die Brücke wird am 19. September um 21.30 Uhr eröffnet. Sie kostet 1.500 Euro.",
        "de",
        "Die Brücke wird am 19. September um 21.30 Uhr eröffnet.",
    ),
    (
        "“We counted. Then it rained,” he said. “So we counted again.”",
        "en",
        "“We counted. Then it rained,” he said.",
    ),
    ("بنوں میں لائبریری کھل گئی۔ طلبہ نے شرکت کی۔", "ur", "بنوں میں لائبریری کھل گئی۔"),
    ("राजधानी में उद्यान खुला। इसमें दो तालाब हैं।", "hi", "राजधानी में उद्यान खुला।"),
    ("公园将于下月开放。公园内种植树木。", "zh", "公园将于下月开放。"),
    ("هل فتح المتحف؟ نعم فتح.", "ar", "هل فتح المتحف؟"),
]


@pytest.mark.parametrize(("text", "language", "first"), FIRST)
def test_rule_7_the_first_sentence_ends_where_it_ends(text: str, language: str, first: str) -> None:
    start, end = next(iter(sentences(text, language)))
    assert text[start:end] == first
    assert excerpt(text, language, chars=len(first)) == first


def test_a_sentence_too_long_is_cut_at_a_word() -> None:
    assert excerpt("One two three four five six.", "en", words=3) == "One two three…"
    assert excerpt("One two three four five six.", "en", chars=10) == "One two…"


def test_rule_7_never_half_a_quotation() -> None:
    text = "The work cost 14 million. “We will line the canal.\n\n“The villages promised,” he said."
    assert excerpt(text, "en", words=60) == "The work cost 14 million."


def test_sentences_run_over_paragraphs_up_to_the_limit() -> None:
    assert (
        excerpt("One is here.\n\nTwo is there.\n\nThree is far away.", "en", words=6)
        == "One is here. Two is there."
    )


@given(st.text(max_size=300), st.integers(1, 40), st.integers(2, 200))
def test_the_limits_always_hold(text: str, words: int, chars: int) -> None:
    got = excerpt(text, "en", words=words, chars=chars)
    assert len(got) <= chars + 1 and len(got.split()) <= words
