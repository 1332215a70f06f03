"""What taking and publishing one story costs: counted, not timed, and the same whatever the archive holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from house import House, draft
from sqlalchemy import event

TAKING, PUBLISHING = 60, 50
"""Statements for one new story in two feeds, each of three formats and a page, with lists and archives."""


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    """The statements that the database is asked meanwhile; transactions' beginnings are statements too."""
    engine, asked = house.storage.database.engine, list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def filled(house: House, count: int) -> House:
    """So many stories in both feeds, whose windows are of three: the others stand in archives."""
    for number in range(count):
        house.take(story(f"older-{number}"))
        house.publish()
    return house


def story(name: str):
    return draft(
        name, text=f"The council of {name} met on Monday and spoke of {name} alone.", section="Sport"
    )


def test_a_story_costs_no_more_statements_than_it_did(house: House) -> None:
    filled(house, 6)
    taken, published = [], []
    for number in range(3):
        with counted(house) as taking:
            house.take(story(f"new-{number}"))
        with counted(house) as publishing:
            built = house.publish()
        assert len(built.documents) >= 9
        taken.append(taking)
        published.append(publishing)
    assert max(map(len, taken)) <= TAKING, "\n".join(taken[0])
    ordinary = min(published, key=len)  # one in three seals an archive page
    assert len(ordinary) <= PUBLISHING, "\n".join(ordinary)
