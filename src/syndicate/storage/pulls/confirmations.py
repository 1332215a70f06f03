"""What partners say they did with stories, and who has not said it yet."""

from __future__ import annotations

from sqlalchemy import delete, exists, func, insert, select

from syndicate.lanes import LaneKind
from syndicate.model import PubStatus
from syndicate.storage import schema as s
from syndicate.storage.pulls.log import Log
from syndicate.storage.pulls.rows import Ack, Takedown, ack_of


class Confirmations(Log):
    """Partners' words."""

    def was_offered(self, partner: str, article_id: str) -> bool:
        """Whether a partner was ever offered a story, pushed or pulled."""
        lane, c = s.lanes.c, s.copies.c
        query = (
            select(c.offered)
            .join(s.lanes, lane.id == c.lane_id)
            .where(c.article_id == article_id, lane.receiver == partner, lane.kind != LaneKind.DOCUMENTS)
        )
        return self._c.execute(query.limit(1)).first() is not None

    def confirm(self, ack: Ack, token_id: int) -> bool:
        """Keep a partner's word. False where it gave it before; the first time stands, unless it was
        offered the story anew since, under the same version."""
        a = s.acks.c
        known = (
            a.partner == ack.partner,
            a.article_id == ack.article_id,
            a.revision == ack.revision,
            a.action == ack.action,
        )
        before = self._c.execute(select(a.id, a.at).where(*known)).first()
        if before is not None:
            again = self.newest(ack.partner, ack.article_id)
            if again is None or not again.urgent or again.at <= before.at:
                return False
            self._c.execute(delete(s.acks).where(a.id == before.id))
        self._c.execute(
            insert(s.acks).values(
                partner=ack.partner,
                article_id=ack.article_id,
                revision=ack.revision,
                action=ack.action,
                at=ack.at,
                token_id=token_id,
                label=ack.label,
            )
        )
        return True

    def acks(
        self, *, partner: str | None = None, article_id: str | None = None, limit: int | None = 200
    ) -> list[Ack]:
        """What partners confirmed, newest first."""
        query = select(s.acks)
        for column, wanted in ((s.acks.c.partner, partner), (s.acks.c.article_id, article_id)):
            if wanted is not None:
                query = query.where(column == wanted)
        return [ack_of(row) for row in self._c.execute(query.order_by(s.acks.c.id.desc()).limit(limit))]

    def unconfirmed(self, *, partner: str | None = None, limit: int = 200) -> list[Takedown]:
        """Withdrawals of what partners were offered that they have not confirmed, oldest first."""
        lane, c, a, k = s.lanes.c, s.copies.c, s.articles.c, s.acks.c
        told = func.max(c.acked_at).filter(c.acked >= a.revision)
        confirmed = exists().where(
            k.partner == lane.receiver, k.article_id == c.article_id, k.revision >= a.revision
        )
        query = (
            select(lane.receiver, c.article_id, a.headline, a.revision, a.withdrawn, told.label("told"))
            .join(s.lanes, lane.id == c.lane_id)
            .join(s.articles, a.id == c.article_id)
            .where(lane.kind != LaneKind.DOCUMENTS, a.status != PubStatus.USABLE, ~confirmed)
            .group_by(lane.receiver, c.article_id, a.headline, a.revision, a.withdrawn)
            .order_by(a.withdrawn)
            .limit(limit)
        )
        if partner is not None:
            query = query.where(lane.receiver == partner)
        return [
            Takedown(
                partner=row.receiver,
                article_id=row.article_id,
                headline=row.headline,
                revision=row.revision,
                since=row.withdrawn,
                told=row.told,
            )
            for row in self._c.execute(query)
        ]
