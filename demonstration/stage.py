"""Who plays, and what the chapters of the demonstration hand on to each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from access.models import User
from delegations.models import Delegation, SavingsPlan
from events.models import Edition
from network.models import Organisation, Person
from shared import clock
from shared.audit import System
from shared.database import transaction
from treasury.models import Fund

MACHINE = System("demonstration")


@dataclass(slots=True)
class Stage:
    """What is on stage so far, by the codes and ids of the data files."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    editions: dict[str, Edition] = field(default_factory=dict)
    delegations: dict[str, Delegation] = field(default_factory=dict)
    plans: dict[str, SavingsPlan] = field(default_factory=dict)
    funds: dict[str, Fund] = field(default_factory=dict)

    @property
    def organiser(self) -> User:
        return self.users["H06"]

    @property
    def treasurer(self) -> User:
        return self.users["H15"]

    @property
    def approver(self) -> User:
        return self.users["H16"]


@contextmanager
def on(day: date, hour: int = 12) -> Iterator[None]:
    """One transaction that happens on `day`, as it would have been written then."""
    clock.travel_to(datetime.combine(day, time(hour), UTC))
    with transaction():
        yield
