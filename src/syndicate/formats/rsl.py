"""Terms for machines: RSL 1.0, in a feed's entries and as a document; and TDMRep's file.

In feeds every element is prefixed; the document's own namespace is the
default one (RSL 1.0, section 3.1). An empty ``url`` stands for the entry itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import orjson
from lxml import etree

from syndicate.about import RSL, MachineTerms, Profile, Reservation
from syndicate.formats.feedgen_mended import Node
from syndicate.formats.text import address, line

MEDIA_TYPE = "application/rsl+xml"
TDM_TYPE = "application/json"


def content(terms: MachineTerms) -> Node:
    """``rsl:content`` for one entry."""
    attributes = {"url": address(terms.url) or ""}
    if server := address(terms.server or ""):
        attributes["server"] = server
    meant = (Node("rsl:terms", where) for where in (address(terms.terms or ""),) if where)
    return Node("rsl:content", None, attributes, (_license(terms), *meant))


def _license(terms: MachineTerms) -> Node:
    said = [
        Node(f"rsl:{verb}", " ".join(tokens), {"type": kind})
        for verb, uses in (("permits", terms.permits), ("prohibits", terms.prohibits))
        for kind, tokens in uses.kinds()
    ]
    return Node("rsl:license", None, {}, (*said, *_payment(terms)))


def _payment(terms: MachineTerms) -> Iterator[Node]:
    cost = terms.payment
    if cost is None:
        return
    parts = [
        Node(f"rsl:{name}", where)
        for name, stated in (("standard", cost.standard), ("custom", cost.custom))
        if (where := address(stated or ""))
    ]
    if cost.amount and cost.currency:
        parts.append(Node("rsl:amount", cost.amount, {"currency": cost.currency}))
    yield Node("rsl:payment", None, {"type": cost.type}, tuple(parts))


def license_document(parts: Sequence[MachineTerms], profile: Profile) -> bytes:
    """A whole RSL document. Each part's ``url`` is a path there (RFC 9309)."""
    root = etree.Element(f"{{{RSL}}}rsl", nsmap={None: RSL})
    for terms in parts:
        node = content(terms)
        element = _write(root, Node(node.tag, None, {**node.attributes, "url": terms.url}, node.children))
        _copyright(element, profile)
    return cast(bytes, etree.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _write(parent: Any, node: Node) -> Any:
    element = etree.SubElement(parent, f"{{{RSL}}}{node.tag.removeprefix('rsl:')}", dict(node.attributes))
    element.text = node.text
    for child in node.children:
        _write(element, child)
    return element


def _copyright(element: Any, profile: Profile) -> None:
    attributes = {"type": "organization", "contactUrl": profile.url}
    if profile.editor:
        attributes["contactEmail"] = profile.editor.email
    holder = etree.SubElement(element, f"{{{RSL}}}copyright", attributes)
    holder.text = line(profile.name)
    meant = element.find(f"{{{RSL}}}terms")
    if meant is not None:  # after the holder, as the schema has it
        element.append(meant)


def reservation_headers(reservation: Reservation | None) -> tuple[tuple[str, str], ...]:
    """The headers that reserve text and data mining (TDMRep)."""
    if reservation is None:
        return ()
    policy = address(reservation.policy or "")
    return (("tdm-reservation", "1"), *((("tdm-policy", policy),) if policy else ()))


def tdm_file(reservation: Reservation, location: str) -> bytes:
    """``/.well-known/tdmrep.json``: everything below ``location`` is reserved."""
    known = {"location": location, "tdm-reservation": 1}
    policy = {"tdm-policy": reservation.policy} if reservation.policy else {}
    return orjson.dumps([{**known, **policy}], option=orjson.OPT_APPEND_NEWLINE)


def fields(terms: MachineTerms) -> dict[str, Any]:
    """The same as JSON, with RSL's words; without what says nothing."""
    cost = terms.payment
    payment = {
        "type": cost.type,
        "standard": address(cost.standard or ""),
        "custom": address(cost.custom or ""),
        "amount": cost.amount,
        "currency": cost.currency,
    } if cost else {}  # fmt: skip
    known: dict[str, Any] = {
        "standard": RSL,
        "permits": {kind: list(tokens) for kind, tokens in terms.permits.kinds()},
        "prohibits": {kind: list(tokens) for kind, tokens in terms.prohibits.kinds()},
        "payment": {key: value for key, value in payment.items() if value},
        "terms": address(terms.terms or ""),
        "server": address(terms.server or ""),
    }
    return {key: value for key, value in known.items() if value}
