"""How many survey answers are taken from one place: counted in memory, and forgotten within minutes."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

STRETCH = timedelta(minutes=10)
FROM_ONE_PLACE = 400
"""Answers to one link from one address within a stretch: a whole grade answers behind a school's one address."""
IN_ALL = 1_000
"""Answers to one link from anywhere within a stretch."""
_FORMS = 5_000


@dataclass
class Limits:
    """What one program saw within this stretch of time; with several programs each has its own."""

    since: datetime | None = None
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    forms: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """Forms that were sent lately, so that a doubled click is one answer."""
    lock: Lock = field(default_factory=Lock)

    def is_again(self, form: str) -> bool:
        """Whether this very form was sent before; notes it."""
        if not form:
            return False
        with self.lock:
            known = form in self.forms
            self.forms[form] = None
            while len(self.forms) > _FORMS:
                self.forms.popitem(last=False)
            return known

    def forget(self, form: str) -> None:
        """Take a form as not sent: its answer could not be kept, and may come again."""
        with self.lock:
            self.forms.pop(form, None)

    def allows(self, token: str, address: str, now: datetime) -> bool:
        """Whether one more answer may be taken; counts it where it may."""
        with self.lock:
            if self.since is None or now - self.since >= STRETCH or now < self.since:
                self.since, self.counted = now, Counter()
            here, everywhere = (token, address), (token, "")
            if self.counted[here] >= FROM_ONE_PLACE or self.counted[everywhere] >= IN_ALL:
                return False
            self.counted[here] += 1
            self.counted[everywhere] += 1
            return True
