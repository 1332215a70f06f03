"""Cleaning: rules X1 (characters) and X6 (addresses, nothing that runs)."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.editorial import paragraphs_to_markup, sanitise, text_of, xml_text

BASE = "https://news.example.org/2020/story"


def test_x1_drops_what_xml_forbids_and_keeps_the_rest() -> None:
    assert xml_text("a\x00b\x0bc\ud800d\ufffee\uffff") == "abcde"
    kept = "😀 می‌خواهم \u202bمتن\u202c\t\r\n𐍈"
    assert xml_text(kept) == kept


@given(st.text(alphabet=st.characters(), max_size=200))
def test_x1_whatever_is_left_is_well_formed(text: str) -> None:
    root = ElementTree.Element("a")
    root.text = xml_text(text)
    assert ElementTree.fromstring(ElementTree.tostring(root, encoding="utf-8")) is not None
    assert xml_text(xml_text(text)) == xml_text(text)


def test_x6_every_address_is_absolute() -> None:
    dirty = (
        '<p onclick="x()"><a href="/a">a</a><a href="javascript:x()">b</a><img src="i.jpg" '
        'srcset="i.jpg 1x, /j.jpg 2x">'
        '<video poster="p.png" src="v.mp4"></video><a '
        'href="mailto:desk@example.org">m</a></p><script>x()</script><iframe '
        'src="/f"></iframe><style>p{}</style>'
    )
    clean = sanitise(dirty, BASE)
    assert 'href="https://news.example.org/a"' in clean
    assert 'srcset="https://news.example.org/2020/i.jpg 1x, https://news.example.org/j.jpg 2x"' in clean
    assert 'poster="https://news.example.org/2020/p.png"' in clean and "mailto:desk@example.org" in clean
    for bad in ("script", "iframe", "style", "onclick", "x()", "p{}"):
        assert bad not in clean


def test_x6_an_address_that_cannot_be_made_absolute_goes() -> None:
    assert sanitise('<a href="/a">a</a><img src="i.jpg">', None) == "<a>a</a><img>"


@given(st.text(max_size=200), st.sampled_from([BASE, None]))
def test_x6_holds_for_any_input(text: str, base: str | None) -> None:
    dirty = f"<p>{text}<a href='{text}' onfocus='{text}'>x</a><img src=\"{text}\"><script>{text}</script>"
    clean = sanitise(dirty, base)
    assert sanitise(clean, base) == clean
    if clean.strip():
        for element in lxml.html.fragment_fromstring(clean, create_parent=True).iter():
            assert element.tag not in ("script", "style", "iframe")
            for name, value in element.attrib.items():
                assert not name.startswith("on")
                if name in ("href", "src"):
                    assert re.match(r"(?:https?|mailto|tel):", value)


def test_text_and_markup_there_and_back() -> None:
    text = "One & <two>.\nIts second line.\n\nThree."
    assert paragraphs_to_markup(text) == "<p>One &amp; &lt;two&gt;.<br>Its second line.</p>\n<p>Three.</p>"
    assert text_of(paragraphs_to_markup(text)) == text


@pytest.mark.parametrize(
    "markup", ["<ul><li>a</li><li>b</li></ul>", "<p>a</p><p>b</p>", "<div>a</div>b", "<h2>a</h2>b"]
)
def test_blocks_are_parted_by_a_blank_line(markup: str) -> None:
    assert text_of(markup) == "a\n\nb"
