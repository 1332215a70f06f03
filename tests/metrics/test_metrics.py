"""What ``/metrics`` says of a daemon that did something; that it is documented; that rules and dashboard fit."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from apps import configured, partner, running
from syndicate.daemon.app import App
from syndicate.installed import load_settings
from syndicate.reports import gauges
from syndicate.web.tally import Tally, kind_of

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/prometheus/syndicate-alerts.yaml"
DASHBOARD = ROOT / "deploy/grafana/syndicate.json"
MORE = """
[hub]
enabled = true
[network]
connect_timeout = "60s"
[sources.lost]
type = "folder"
path = "{folder}/nowhere"
[external_hubs.away]
url = "http://127.0.0.1:9/hub"
"""
TOLD = (
    'syndicate_pushes_total{kind="story",outcome="retry",receiver="gazette"}',
    'syndicate_pushes_total{kind="ping",outcome="waiting",receiver="away"}',
    'syndicate_polls_total{outcome="ok",source="desk"}',
    'syndicate_polls_total{outcome="failed",source="lost"}',
    'syndicate_source_failures{source="lost"} 1',
    'syndicate_lanes{kind="ping",state="active"} 3',
)
"""What it says when it has done all that the tests ask about."""
Families = dict[str, Any]


async def scraped(folder: Path) -> tuple[str, str, str]:
    """Prometheus' text and OpenMetrics of a daemon with a story, readers and receivers that are down."""
    file = configured(folder, MORE.format(folder=folder) + partner("http://127.0.0.1:9/in"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gauges, "KEPT_SECONDS", 0.0)  # what is looked up in the database is looked up each time
        return await _scraped(folder, file)


async def _scraped(folder: Path, file: Path) -> tuple[str, str, str]:
    async with App(load_settings(file)) as app, running(app):
        (folder / "stories/a.md").write_text("---\ntitle: One\n---\nThe bridge was opened on Sunday.\n")
        assert app.server
        assert app.ops
        async with httpx.AsyncClient(verify=False, timeout=60) as client:
            for _ in range(2000):
                answer = await client.get(app.server.url + "feeds/latest/rss.xml")
                told = (await client.get(app.ops.url + "metrics")).text
                if b"The bridge" in answer.content and all(words in told for words in TOLD):
                    break
                await asyncio.sleep(0.05)
            tag = {"if-none-match": answer.headers["etag"]}
            await client.get(app.server.url + "feeds/latest/rss.xml", headers=tag)
            await client.get(app.server.url + "nothing/here")
            plain = await client.get(app.ops.url + "metrics")
            opened = await client.get(
                app.ops.url + "metrics", headers={"accept": "application/openmetrics-text"}
            )
    return plain.text, opened.text, opened.headers["content-type"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    return asyncio.run(scraped(tmp_path_factory.mktemp("metrics")))


@pytest.fixture(scope="module")
def families(told: tuple[str, str, str]) -> Families:
    return {family.name: family for family in text_string_to_metric_families(told[0])}


def value(families: Families, name: str, **labels: str) -> float:
    found = [
        s.value
        for family in families.values()
        for s in family.samples
        if s.name == name and labels.items() <= s.labels.items()
    ]
    assert found, f"{name} {labels}"
    return float(sum(found))


def test_a_story_is_counted_all_its_way(families: Families) -> None:
    assert value(families, "syndicate_stories_total", source="desk", outcome="published") >= 1
    assert value(families, "syndicate_polls_total", source="desk", outcome="ok") >= 1
    assert value(families, "syndicate_polls_total", source="lost", outcome="failed") >= 1
    assert value(families, "syndicate_documents_built_total", format="rss") >= 2
    assert value(families, "syndicate_publish_latency_seconds_count") >= 1
    assert value(families, "syndicate_pushes_total", kind="story", receiver="gazette") >= 1
    assert value(families, "syndicate_pushes_total", kind="ping", receiver="away") >= 1
    assert value(families, "syndicate_push_duration_seconds_count", kind="story") >= 1


def test_how_it_stands_is_looked_up(families: Families) -> None:
    assert value(families, "syndicate_ready") == 1
    assert value(families, "syndicate_database_up") == 1
    waits = [
        value(families, f"syndicate_{n}", kind="story", receiver="gazette") for n in ("pending", "set_aside")
    ]
    assert sum(waits) >= 1
    assert value(families, "syndicate_oldest_pending_seconds", kind="ping", receiver="away") > 0
    assert value(families, "syndicate_lanes", kind="ping", state="active") == 3
    assert value(families, "syndicate_articles", status="usable") == 1
    assert value(families, "syndicate_source_failures", source="lost") >= 1
    assert value(families, "syndicate_hub_subscriptions", state="active") == 0
    assert value(families, "syndicate_disk_free_bytes", folder="database") > 0
    assert value(families, "syndicate_database_size_bytes") > 0
    assert value(families, "syndicate_clock_jump_seconds") == 0
    age = value(families, "syndicate_source_last_success_timestamp_seconds", source="desk")
    assert age > 1_600_000_000


def test_readers_are_counted_by_kind_and_status(families: Families) -> None:
    assert value(families, "syndicate_web_requests_total", kind="poll", status="200") >= 1
    assert value(families, "syndicate_web_requests_total", kind="poll", status="304") == 1
    assert value(families, "syndicate_web_requests_total", kind="other", status="404") == 1


def test_openmetrics_for_who_asks(told: tuple[str, str, str]) -> None:
    assert told[2].startswith("application/openmetrics-text")
    assert told[1].endswith("# EOF\n")
    assert told[1].count("# EOF") == 1


def test_names_have_units_and_labels_are_bounded(families: Families, told: tuple[str, str, str]) -> None:
    for name, family in families.items():
        if family.type == "histogram":
            assert name.endswith("_seconds"), name
    labels = {key for f in families.values() for s in f.samples for key in s.labels}
    assert labels <= {
        "source", "outcome", "format", "kind", "receiver", "state", "status", "le",
        "queue", "folder", "severity", "version", "python",
    }  # fmt: skip
    lanes = 3 + 1
    assert len(told[0].splitlines()) < 400 + lanes, "its size must not grow with lanes, feeds or readers"


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.startswith("syndicate_")}


def exported(families: Families) -> set[str]:
    return {s.name for family in families.values() for s in family.samples} | set(families)


def test_every_metric_is_documented_and_no_other(families: Families) -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(syndicate_\w+)` \|", page, re.MULTILINE))
    told = {f"{name}_total" if f.type == "counter" else name for name, f in families.items()}
    # Counted only when it happens, so a daemon that is well does not show it.
    assert rows - {"syndicate_documents_refused_total"} == ours(told) - {"syndicate_documents_refused_total"}
    assert "syndicate_documents_refused_total" in rows


def expressions() -> Iterator[tuple[str, str]]:
    for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]:
        yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), [pytest.param(*e, id=e[0]) for e in expressions()])
def test_rules_and_dashboard_ask_for_what_is_exported(
    where: str, expression: str, families: Families
) -> None:
    names = set(re.findall(r"\b((?:syndicate|process)_\w+)", re.sub(r'"[^"]*"', "", expression)))
    assert names or "up{" in expression, where
    late = {"syndicate_documents_refused_total"}
    assert names - late <= exported(families), where
    for name, inner in re.findall(r"\b((?:syndicate|process)_\w+)\{([^}]*)\}", expression):
        asked = set(re.findall(r"(\w+)[=!]~?\"", inner)) - {"job"}
        known = {key for f in families.values() for s in f.samples if s.name == name for key in s.labels}
        assert asked <= known, f"{where}: {name} has no label {asked - known}"


def test_the_dashboard_shows_the_median_and_the_slowest_hundredth_on_both_ways() -> None:
    shown = {expression for _, expression in expressions()}
    for way in ("publish", "acknowledgement"):
        rate = f"sum by (le) (rate(syndicate_{way}_latency_seconds_bucket[15m]))"
        assert {f"histogram_quantile({q}, {rate})" for q in ("0.5", "0.99")} <= shown


def test_every_expression_reads_what_it_says(promtool: str, tmp_path: Path) -> None:
    """Dashboard panels as rules, so that their expressions are parsed as well."""
    rules = [{"record": f"panel:{n}", "expr": e} for n, (_, e) in enumerate(expressions())]
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def promtool() -> str:
    return shutil.which("promtool") or pytest.skip("there is no promtool here (Debian's package prometheus)")


# What makes each rule fire: series over time, a minute a step.
FIRES = {
    "SyndicateDown": {'up{job="syndicate"}': "1x5 0x240"},
    "SyndicateNotReady": {"syndicate_ready": "0x240"},
    "SyndicateDatabaseUnreadable": {"syndicate_database_up": "0x240"},
    "SyndicateSourceBroken": {'syndicate_source_last_success_timestamp_seconds{source="desk"}': "60x240"},
    "SyndicateDeliveryBehind": {'syndicate_oldest_pending_seconds{kind="story",receiver="x"}': "0+60x240"},
    "SyndicateLaneStopped": {'syndicate_lanes{kind="story",state="disabled"}': "1x240"},
    "SyndicatePushesRefused": {
        'syndicate_pushes_total{kind="story",receiver="x",outcome="refused"}': "0+1x240"
    },
    "SyndicateDocumentKeptBack": {'syndicate_documents_refused_total{format="rss"}': "0+1x240"},
    "SyndicatePublishingSlow": {
        'syndicate_publish_latency_seconds_bucket{le="30"}': "0x240",
        'syndicate_publish_latency_seconds_bucket{le="60"}': "0+5x240",
        'syndicate_publish_latency_seconds_bucket{le="+Inf"}': "0+5x240",
    },
    "SyndicateClockJumped": {"syndicate_clock_jump_seconds": "-7200x240"},
    "SyndicateStoriesOnHold": {'syndicate_articles{status="on_hold"}': "2x240"},
    "SyndicateHubSubscribersFailing": {
        'syndicate_hub_subscriptions{state="active"}': "10x240",
        'syndicate_hub_subscriptions{state="failing"}': "90x240",
    },
    "SyndicateDiskFilling": {
        'syndicate_disk_free_bytes{folder="output"}': "100000x240",
        'syndicate_disk_size_bytes{folder="output"}': "100000000000x240",
    },
    "SyndicateErrorsForReaders": {
        'syndicate_web_requests_total{kind="feed",status="500"}': "0+10x240",
        'syndicate_web_requests_total{kind="poll",status="200"}': "0+90x240",
    },
    "SyndicateFewFileDescriptors": {
        'process_open_fds{job="syndicate"}': "950x240",
        'process_max_fds{job="syndicate"}': "1024x240",
    },
}


def test_every_rule_fires_in_the_state_it_is_for_and_none_when_all_is_well(
    promtool: str, tmp_path: Path
) -> None:
    assert set(FIRES) == {r["alert"] for r in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]}
    well = ROOT / "deploy/prometheus/syndicate-alerts.test.yaml"
    done = subprocess.run([promtool, "test", "rules", str(well)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for number, (name, series) in enumerate(FIRES.items()):
        inputs = [{"series": key, "values": values} for key, values in series.items()]
        test = {
            "interval": "1m",
            "input_series": inputs,
            "alert_rule_test": [{"eval_time": "3h", "alertname": name, "exp_alerts": []}],
        }
        file = tmp_path / f"{number}.yaml"
        file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "tests": [test]}))
        done = subprocess.run(
            [promtool, "test", "rules", str(file)], capture_output=True, text=True, timeout=60
        )
        # Nothing was expected, and something is there.
        assert done.returncode != 0, f"{name} does not fire"
        assert f'alertname="{name}"' in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/feeds/latest/rss.xml", "feed"), ("/feeds/stories/x/", "story"), ("/hub", "hub"),
        ("/api/v1/articles", "inbox"), ("/partner/v1/x/journal", "partner"), ("/healthz", "machine"),
        ("/feeds.opml", "list"), ("/wp-login", "other"), ("/", "other"),
    ],
)  # fmt: skip
def test_kinds_are_few_whatever_is_asked(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_a_tally_counts_what_the_server_answered() -> None:
    tally = Tally()
    tally.count("/hub", 202)
    tally.count("/hub", 202)
    tally.full += 1
    assert sorted(tally.rows()) == [("hub", 202, 2), ("poll", 200, 1), ("poll", 304, 0)]
