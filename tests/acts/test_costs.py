"""What taking and publishing one story costs: counted, not timed, and the same whatever the archive holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from house import House, draft
from sqlalchemy import event

from syndicate.model import Draft

TAKING, PUBLISHING = 26, 50
"""Statements for one new story in two feeds, each of three formats and a page, with lists and archives."""
FEW = {"feed_rules", "documents", "sources", "meta"}
"""Tables with a row for each feed or source: these may be walked through."""

Asked = list[tuple[str, Any]]


@contextmanager
def counted(house: House) -> Iterator[Asked]:
    """The statements that the database is asked meanwhile; transactions' beginnings are statements too."""
    engine, asked = house.storage.database.engine, Asked()

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

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


def story(name: str) -> Draft:
    return draft(
        name, text=f"The council of {name} met on Monday and spoke of {name} alone.", section="Sport"
    )


def words(asked: Asked) -> str:
    return "\n".join(statement for statement, _ in asked)


def walked(house: House, asked: Asked) -> set[str]:
    """The tables that statements walk through from end to end."""
    found: set[str] = set()
    with house.storage.database.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found.update(m[1] for row in plan if (m := re.match(r"SCAN ([a-z_]+)\b", row[3])))
    return {table for table in found if not table.startswith("anon")}


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
    assert max(map(len, taken)) <= TAKING, words(taken[0])
    ordinary = min(published, key=len)  # one in three seals an archive page
    assert len(ordinary) <= PUBLISHING, words(ordinary)


def test_no_table_that_grows_is_walked_through(house: House) -> None:
    filled(house, 6)
    for number in range(3):
        with counted(house) as asked:
            house.take(story(f"new-{number}"))
            house.publish()
        assert len(asked) > 30
        assert walked(house, asked) <= FEW
    with counted(house) as asked:
        house.correct("new-1", "The mill stands in the east.")
        house.withdraw("new-2")
        house.publish()
    assert walked(house, asked) <= FEW
