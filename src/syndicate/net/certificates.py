"""How long a server's certificate holds: one TLS handshake, and nothing is asked."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime

from syndicate.net.answer import Unreachable


async def expiry(host: str, port: int, seconds: float, context: ssl.SSLContext | None = None) -> datetime:
    """When the certificate ends. Raises Unreachable for one that is not accepted, or no TLS at all."""
    try:
        async with asyncio.timeout(seconds):
            made = ssl.create_default_context() if context is None else context
            _, writer = await asyncio.open_connection(host, port, ssl=made, server_hostname=host)
    except TimeoutError:
        raise Unreachable(f"{host}: no connection within {seconds:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"{host}: the certificate is not accepted ({error.verify_message})") from None
    except OSError as error:  # ssl.SSLError is one
        raise Unreachable(f"{host}: no TLS connection ({error.strerror or 'refused'})") from None
    try:
        shown = writer.get_extra_info("peercert") or {}
        ends = ssl.cert_time_to_seconds(str(shown.get("notAfter", "")))
    except ValueError:
        raise Unreachable(f"{host}: the certificate does not say when it ends") from None
    finally:
        writer.close()
    return datetime.fromtimestamp(ends, UTC)
