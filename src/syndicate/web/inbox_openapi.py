"""The inbox in OpenAPI's words: what generators of clients read."""

from __future__ import annotations

from typing import Any

_STORY = {
    "type": "object",
    "description": "The keys of front matter, and the text; or a ninjs object, known by its `uri`.",
    "properties": {
        "id": {"type": "string", "description": "The story's permanent id in your system."},
        "version": {"type": "integer", "minimum": 0, "description": "Rises with each version you send."},
        "title": {"type": "string"},
        "text": {"type": "string", "description": "Plain text; one of text, html, markdown."},
        "html": {"type": "string"},
        "markdown": {"type": "string"},
        "url": {"type": "string", "format": "uri"},
        "published": {"type": "string", "format": "date-time"},
        "updated": {"type": "string", "format": "date-time"},
        "embargo": {"type": "string", "format": "date-time"},
        "expires": {"type": "string", "format": "date-time"},
        "status": {"enum": ["usable", "withheld", "canceled"]},
    },
}
_STATE = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "string"},
        "article": {"type": "string", "format": "uuid"},
        "state": {"enum": ["published", "on hold", "embargoed", "withdrawn", "unknown"]},
        "result": {"enum": ["created", "updated", "unchanged", "ignored", "withdrawn", "noted", "refused"]},
        "reason": {"type": "string"},
        "until": {"type": "string", "format": "date-time"},
        "held": {"type": "string", "description": "Why the newest version waits while another is out."},
        "revision": {"type": "integer"},
        "url": {"type": "string", "format": "uri"},
        "feeds": {"type": "array", "items": {"type": "string"}},
        "warnings": {"type": "array", "items": {"type": "string"}},
    },
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `errors` names each field, what is wrong with it and what to do.",
    "required": ["title", "status", "detail"],
}


def _answer(words: str, schema: str, kind: str = "application/json") -> dict[str, Any]:
    ref = {"$ref": f"#/components/schemas/{schema}"}
    return {"description": words, "content": {kind: {"schema": ref}}}


_REFUSALS = {
    code: _answer(words, "Problem", "application/problem+json")
    for code, words in {
        "400": "Neither JSON in UTF-8 nor NewsML-G2 or NITF",
        "401": "No token that is in force",
        "403": "A token for something else",
        "409": "The story is another sender's, or its very text is here under another id",
        "413": "Too large",
        "415": "Neither application/json in UTF-8 nor XML",
        "422": "A field is wrong",
        "429": "Too many requests; see Retry-After",
        "503": "Nothing was stored; send it again",
    }.items()
}
_TAKEN = {
    "200": _answer("Known and published, unchanged, ignored or withdrawn; of a list: each one's", "State"),
    "201": _answer("New, and published", "State"),
    "202": _answer("Accepted; not shown yet (on hold, under an embargo)", "State"),
    **_REFUSALS,
}
_XML = {"schema": {"type": "string", "description": "NewsML-G2 or NITF; the root element decides."}}
_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Story"}},
        "application/vnd.iptc.g2.newsitem+xml": _XML,
        "application/vnd.iptc.g2.newsmessage+xml": _XML,
        "application/nitf+xml": _XML,
        "application/xml": _XML,
    },
}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_KEY = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}}
_REASON = {"name": "reason", "in": "query", "required": True, "schema": {"type": "string"}}

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "syndicate: the inbox", "version": "1"},
    "security": [{"token": []}],
    "paths": {
        "/api/v1/articles": {
            "post": {
                "summary": "Bring a story, or a list of them",
                "parameters": [_KEY],
                "requestBody": _BODY,
                "responses": _TAKEN,
            }
        },
        "/api/v1/articles/{id}": {
            "parameters": [_ID],
            "get": {"summary": "How a story stands", "responses": {"200": _TAKEN["200"], **_REFUSALS}},
            "put": {
                "summary": "Bring a story under this id",
                "parameters": [_KEY],
                "requestBody": _BODY,
                "responses": _TAKEN,
            },
            "delete": {
                "summary": "Withdraw a story",
                "parameters": [_KEY, _REASON],
                "responses": _TAKEN,
            },
        },
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {"Story": _STORY, "State": _STATE, "Problem": _PROBLEM},
    },
}
