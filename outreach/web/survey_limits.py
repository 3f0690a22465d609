"""How many survey answers are taken from one place, and which forms were sent just now."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from outreach.web.turnstile import Turnstile

STRETCH = timedelta(minutes=10)
FROM_ONE_PLACE = 400
"""Answers to one link from one address within a stretch: a whole grade answers behind a school's one address."""
IN_ALL = 1_000
"""Answers to one link from anywhere within a stretch."""
_FORMS = 5_000


@dataclass
class Limits:
    """What one program saw lately; with several programs each has its own."""

    answers: Turnstile = field(default_factory=lambda: Turnstile(STRETCH, FROM_ONE_PLACE, IN_ALL))
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
