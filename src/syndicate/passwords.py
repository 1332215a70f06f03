"""Passwords of operators, kept as scrypt hashes (RFC 7914) that say how they were made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

COST, BLOCK, LANES = 2**15, 8, 1
"""Each look costs about 32 MiB and a tenth of a second: little for one person, much for a guesser."""
LEAST = 12
"""So many characters at least."""
DEMO = "the valley courier"
"""The password of the bundled example's operator."""
_MEMORY = 256 * 1024 * 1024
_FORM = re.compile(r"scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*)")


def hashed(password: str) -> str:
    """``"scrypt$N$r$p$salt$hash"``, under a salt of its own."""
    salt = secrets.token_bytes(16)
    return "$".join(
        ["scrypt", str(COST), str(BLOCK), str(LANES), _text(salt), _text(_derive(password, salt))]
    )


def check_form(value: str) -> None:
    """Raises ValueError, never naming the value, for what is no hash of ours."""
    found = _FORM.fullmatch(value)
    if found is None:
        raise ValueError("is no hash of a password; `syndicate ops password` makes one")
    cost, block, lanes = (int(part) for part in found.groups()[:3])
    if cost < 2**14 or cost & (cost - 1) or not (1 <= block <= 32 and 1 <= lanes <= 16):
        raise ValueError("is a hash with other costs than scrypt should have; make it anew")
    if 128 * cost * block * lanes > _MEMORY:
        raise ValueError("is a hash that would take too much memory at every login; make it anew")


def matches(password: str, kept: str) -> bool:
    """Whether this is the password. Takes its tenth of a second: not for the event loop."""
    found = _FORM.fullmatch(kept)
    if found is None:
        return False
    cost, block, lanes = (int(part) for part in found.groups()[:3])
    salt, wanted = (base64.b64decode(part) for part in found.groups()[3:])
    return hmac.compare_digest(_derive(password, salt, cost, block, lanes, len(wanted)), wanted)


def _derive(
    password: str, salt: bytes, cost: int = COST, block: int = BLOCK, lanes: int = LANES, size: int = 32
) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=cost,
        r=block,
        p=lanes,
        maxmem=_MEMORY * 2,
        dklen=size,
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
