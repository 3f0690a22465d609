"""What texts cost, and the cap on a day's: segments times the price that the district pays for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from outreach.attention.actions import raise_item
from outreach.clock import local_date, start_of_day
from outreach.planning.checks import CHECKS, Check
from outreach.planning.states import MessageClass
from outreach.planning.tables import PlannedMessage
from outreach.settings import Settings

_CAPPED = tuple(kind.value for kind, binding in CHECKS.items() if Check.SPENDING in binding)


@dataclass
class Purse:
    """What one day may still cost; a claim takes from it message by message."""

    left: Decimal
    price: Decimal
    """Of one segment."""
    refilled_at: datetime
    """When the next day begins."""
    empty: bool = False
    """Whether anything was refused."""

    def pays(self, message_class: MessageClass, segments: int) -> bool:
        """Take what a text costs; False, with nothing taken, where the cap binds its class and too little is left."""
        cost = self.price * segments
        if Check.SPENDING not in CHECKS[message_class]:
            return True
        if cost > self.left:
            self.empty = True
            return False
        self.left -= cost
        return True

    def tell(self, session: Session, now: datetime) -> None:
        """Put it before a person, once a day, where the cap held something back."""
        if self.empty:
            sentence = (
                "Today's texts have cost as much as they may (daily_spending_cap). Further ones wait until tomorrow; look at the page "
                "Sending whether this is right."
            )
            raise_item(session, kind="spending", key=f"spending:{self.refilled_at:%Y-%m-%d}", sentence=sentence, now=now, urgent=True)


def purse(session: Session, settings: Settings, now: datetime) -> Purse:
    """What is left today, by the district's clock."""
    today = local_date(now, settings.zone)
    spent = settings.segment_price * segments(session, start_of_day(today, settings.zone), capped=True)
    return Purse(settings.daily_spending_cap - spent, settings.segment_price, start_of_day(today + timedelta(days=1), settings.zone))


def segments(session: Session, since: datetime, *, capped: bool = False) -> int:
    """How many segments were asked of the carrier since an instant; *capped*: of the classes that the cap binds.

    What was put back before it left holds its claim until it is claimed anew, so this is never less than what the bill says.
    Letters have no segments.
    """
    claimed = select(func.coalesce(func.sum(PlannedMessage.segments), 0)).where(PlannedMessage.claimed_at >= since)
    return session.scalar(claimed.where(PlannedMessage.message_class.in_(_CAPPED)) if capped else claimed) or 0
