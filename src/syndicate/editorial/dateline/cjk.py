"""Datelines as Chinese, Japanese and Korean papers print them."""

from __future__ import annotations

import re

from syndicate.editorial.dateline.parts import Found
from syndicate.editorial.work import Work

_CJK = (
    re.compile(
        r"^[【\[［]?(?P<agency>[^\s，。、（(【]{2,6}?社|中新网|新华网|中央社)(?P<place>[^\d\s，。（(]{0,12}?)(?:[／/]\S{1,6}?)?(?P<"
        r"date>(?:\d{4}年)?\d{1,2}月\d{1,2}日|\d{1,2}日)?[电電][】\]］]?\s*(?:[（(](?:记者|記者)?\s*(?P<by>[^）)]{2,40})[）)])?\s*"
    ),
    re.compile(
        r"^[（(](?P<agency>中央社)(?:(?:记者|記者)(?P<by>\S{3}(?=\S{2,3}?\d)|\S{2}))?(?P<place>\S{2,3}?)(?P<date>\d{1,2}日)[^）)]{0,"
        r"6}[）)]\s*"
    ),
    re.compile(
        r"^[【\[［](?P<place>[^】\]］\s\d　=＝]{1,12}?)[\s　]*(?P<date>[\d０-９]{1,2}[\s　]*日)?"
        r"[\s　=＝]*(?P<agency>共同通信|共同|聯合ニュース|"
        r"ロイター|時事|AFP=?時事|AFP|新華社)[】\]］]\s*(?:[=＝-]\s*)?"
    ),
    re.compile(
        r"^[(（](?P<place>[가-힣]{2,8}) ?(?P<date>\d{1,2}월 ?\d{1,2}일) ?발 ?"
        r"(?P<agency>[가-힣]{4,10})[)）]\s*"
    ),
    re.compile(r"^[【\[［](?P<date>\d{1,2}月\d{1,2}日)?[\s　]*(?P<agency>[^】\]］\d]{2,16})[】\]］]\s*"),
    re.compile(
        r"^[(\[](?P<place>[^()\[\]=]{1,20})=(?P<agency>[^()\[\]=]{2,12})[)\]]\s*(?P<by>[가-힣]{2,4}(?:[·"
        r", ]+[가-힣]{2,4})*?)?\s*(?:특파원|기자|인턴기자)?\s*=\s*"
    ),
)
_BEFORE_REPORTER = re.compile(r"[（(\s]*(?:记者|記者)?\s*$")


def read_cjk(work: Work, head: str) -> Found | None:
    for pattern in _CJK:
        match = pattern.match(head)
        if match is None:
            continue
        got = match.groupdict()
        record = work.agency(got["agency"])
        if record is None:
            continue
        by = got.get("by")
        around = by is None or head[:1] in "（("
        printed = match.group().strip() if around else _BEFORE_REPORTER.sub("", head[: match.start("by")])
        korean = "=" in match.group() and by is not None
        tag = re.match(r"[(\[][^)\]]*[)\]]", head)
        return Found(
            end=match.end(),
            printed=printed,
            place=got.get("place") or None,
            date=got.get("date") or None,
            records=(record,),
            tag=tag.group() if (korean or head[:1] in "([") and tag else printed,
            persons=by,
            strong=True,
        )
    return None
