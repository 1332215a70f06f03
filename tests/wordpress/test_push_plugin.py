"""deploy/wordpress/syndicate-push.php in a real WordPress: what it sends, and that nothing is lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from listener import Listener
from rig import WordPress

from syndicate.config import Secret
from syndicate.model import PubStatus
from syndicate.sources.hook import HookDesk
from syndicate.sources.hook_signatures import NotSigned, standard
from syndicate.sources.inbox_story import Desk, Sent
from syndicate.sources.wordpress_hook import read_wordpress

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
DESK = HookDesk(desk=Desk("blog", ZoneInfo("UTC")))


@pytest.fixture
def told(wordpress: WordPress) -> Iterator[Listener]:
    """The plugin tells this listener, for the length of a test."""
    with (
        Listener() as listener,
        wordpress.plugin("syndicate-push", SYNDICATE_HOOK=listener.url, SYNDICATE_SECRET=SECRET),
    ):
        yield listener


def sent(listener: Listener) -> list[tuple[str, Sent]]:
    """What came, each with its event; every signature is good."""
    found = []
    for came in listener.take():
        signed = standard(came.headers, came.body, [Secret(SECRET)], datetime.now(UTC))
        assert came.headers["content-type"] == "application/json"
        notice: dict[str, Any] = json.loads(came.body)
        found.append((notice["event"], read_wordpress(notice, came.headers, DESK, signed.at)))
    return found


def test_published_changed_trashed_restored_and_deleted(wordpress: WordPress, told: Listener) -> None:
    number = wordpress.post("A canal", "<p>KABUL: It was cleaned.</p>", categories=["Water"], tags=["Kabul"])
    (event, story), *more = sent(told)
    assert (event, more) == ("post.published", [])
    given = story.draft.given
    assert (given.headline, given.section, given.tags) == ("A canal", "Water", ("Kabul",))
    assert story.draft.source_id == str(number)
    versions = [story.version]

    wordpress.edit(number, post_title="A clean canal")
    ((event, story),) = sent(told)
    assert (event, story.draft.given.headline) == ("post.updated", "A clean canal")
    versions.append(story.version)

    wordpress.trash(number)
    ((event, story),) = sent(told)
    assert (event, story.withdraws, story.draft.text) == ("post.trashed", PubStatus.CANCELED, "")
    versions.append(story.version)

    wordpress.untrash(number)
    (_, story) = sent(told)[-1]
    assert story.withdraws is None
    versions.append(story.version)

    wordpress.delete(number)
    ((event, story),) = sent(told)
    assert (event, story.withdraws) == ("post.deleted", PubStatus.CANCELED)
    versions.append(story.version)
    assert None not in versions
    assert versions == sorted(set(versions)), "each notice has a higher version"  # type: ignore[type-var]


def test_what_was_never_public_is_never_told_of(wordpress: WordPress, told: Listener) -> None:
    draft = wordpress.post("Secret", "<p>x</p>", post_status="draft")
    wordpress.edit(draft, post_content="<p>y</p>")
    wordpress.delete(draft)
    wordpress.post("A page", "<p>x</p>", post_type="page")
    wordpress.post("Behind a password", "<p>x</p>", post_password="x")
    assert told.take() == []


@pytest.mark.parametrize(
    "change", [{"post_status": "private"}, {"post_status": "draft"}, {"post_password": "x"}]
)
def test_what_is_made_private_is_taken_back_without_a_word_of_it(
    wordpress: WordPress, told: Listener, change: dict[str, str]
) -> None:
    number = wordpress.post("Open", "<p>Words that all may read.</p>")
    told.take()
    wordpress.edit(number, post_content="<p>Words that few may read.</p>", **change)
    (came,) = told.came
    assert b"few may read" not in came.body
    ((event, story),) = sent(told)
    assert (event, story.withdraws) == ("post.unpublished", PubStatus.WITHHELD)


def test_a_scheduled_post_is_told_of_when_its_time_has_come(wordpress: WordPress, told: Listener) -> None:
    due = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
    number = wordpress.post("Later", "<p>Soon.</p>", post_status="future", post_date_gmt=due)
    assert told.take() == []
    wordpress.php("wp_publish_post( $number );", number=number)  # as its cron does
    ((event, story),) = sent(told)
    assert (event, story.draft.given.headline) == ("post.published", "Later")


def test_what_is_not_taken_is_sent_again_as_it_is_then(wordpress: WordPress, told: Listener) -> None:
    told.status = 503
    number = wordpress.post("First words", "<p>One.</p>")
    assert len(told.take()) == 1
    wordpress.php(
        "global $wpdb; $wpdb->update( $wpdb->posts, array( 'post_title' => 'Newer words' ), array( 'ID' => $number ) );",
        number=number,
    )
    told.status = 200
    wordpress.run_cron_now("syndicate_push")
    ((_, story),) = sent(told)
    assert story.draft.given.headline == "Newer words"
    wordpress.run_cron_now("syndicate_push")
    assert told.take() == [], "once it is taken it is not sent again"


def test_what_is_refused_is_not_sent_again(wordpress: WordPress, told: Listener) -> None:
    told.status = 422
    wordpress.post("Refused", "<p>One.</p>")
    assert len(told.take()) == 1
    wordpress.run_cron_now("syndicate_push")
    assert told.take() == []


def test_its_signature_is_of_these_very_bytes(wordpress: WordPress, told: Listener) -> None:
    wordpress.post("Signed", "<p>Ünïcode: خبر</p>")
    (came,) = told.take()
    with pytest.raises(NotSigned):
        standard(came.headers, came.body + b" ", [Secret(SECRET)], datetime.now(UTC))
    assert standard(came.headers, came.body, [Secret(SECRET)], datetime.now(UTC)).message_id
