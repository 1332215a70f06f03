"""What stands where nothing is configured is what the rules of delivery say; what is configured is taken."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from apps import SECRET, configured, partner
from syndicate.config.machine import Network
from syndicate.config.receivers import Delivery, Hub
from syndicate.daemon.deliveries import _limits
from syndicate.errors import ConfigError
from syndicate.installed import load_settings
from syndicate.lanes import Limits
from syndicate.net.answer import BODY_LIMIT
from syndicate.transports.details import DETAIL_LIMIT

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


def test_times_and_limits_are_those_of_the_rules() -> None:
    network, delivery = Network(), Delivery()
    assert (network.connect_timeout, network.timeout) == (5 * SECOND, 15 * SECOND)
    assert network.in_flight_per_host < network.in_flight_per_address < network.in_flight, "each a cap"
    assert (delivery.max_age, delivery.disable_after) == (3 * DAY, 3 * DAY)
    assert (delivery.retry_after_cap, delivery.retry) == (12 * HOUR, ())
    assert (BODY_LIMIT, DETAIL_LIMIT) == (64 * 1024, 1024)
    assert (network.allow, network.proxy) == ((), None), "nothing is let through"


def test_the_hub_is_off_and_grants_finite_leases_where_nothing_is_said() -> None:
    hub = Hub()
    assert not hub.enabled
    assert timedelta(0) < hub.lease_min <= hub.lease_default <= hub.lease_max <= 30 * DAY
    assert (hub.signature, hub.send, hub.egress) == ("sha256", "document", None)


def test_what_is_configured_is_what_lanes_go_by(tmp_path: Path) -> None:
    assert _limits(load_settings(configured(tmp_path))) == Limits()
    more = '[delivery]\nmax_age = "2d"\nretry_after_cap = "1h"\ndisable_after = "5d"\nretry = ["1m", "2h"]\n'
    assert _limits(load_settings(configured(tmp_path, more))) == Limits(
        max_age=2 * DAY,
        retry_after_cap=HOUR,
        disable_after=5 * DAY,
        retry_times=(timedelta(minutes=1), 2 * HOUR),
    )


@pytest.mark.parametrize(("size", "taken"), [(23, False), (24, True), (64, True), (65, False)])
def test_a_secret_that_signs_has_24_to_64_bytes(tmp_path: Path, size: int, taken: bool) -> None:
    secret = "whsec_" + base64.b64encode(b"x" * size).decode()
    file = configured(tmp_path, partner("https://p.example/in"))
    file.write_text(file.read_text(encoding="utf-8").replace(SECRET, secret), encoding="utf-8")
    if taken:
        assert load_settings(file).partners["gazette"]
    else:
        with pytest.raises(ConfigError, match="24 to 64 bytes") as caught:
            load_settings(file)
        assert secret not in str(caught.value)
