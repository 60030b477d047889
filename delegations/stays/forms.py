"""The forms of a stay: the person's own, and the delegation's, which also says where they sleep."""

from collections.abc import Mapping
from typing import Any

from wtforms import DateField, RadioField, StringField
from wtforms.validators import Length, Optional

from delegations.stays.models import Lodging, Stay
from delegations.stays.stays import TellStay
from network.editing import EditForm
from shared.forms import as_choices
from shared.i18n import _l


class StayForm(EditForm):
    """What a person tells of their stay; every answer may wait."""

    arrives_on = DateField(_l("Day of arrival"), [Optional()])
    arrives_by = StringField(_l("Flight, coach, hour"), [Length(max=120)])
    leaves_on = DateField(_l("Day of departure"), [Optional()])
    lodging = RadioField(
        _l("A place to sleep"),
        choices=as_choices(
            [
                ("", _l("Not known yet")),
                (Lodging.WANTED.value, _l("One is wanted")),
                (Lodging.OWN.value, _l("There is one already")),
            ]
        ),
        default="",
    )
    wishes = StringField(_l("Wishes for the room"), [Length(max=300)])

    @staticmethod
    def known(stay: Stay | None) -> Mapping[str, Any]:
        """What is known already, by the names of the fields."""
        return {
            "arrives_on": stay and stay.arrives_on,
            "arrives_by": stay.arrives_by if stay else "",
            "leaves_on": stay and stay.leaves_on,
            "lodging": (stay and stay.lodging) or "",
            "wishes": stay.wishes if stay else "",
        }

    def command(self) -> TellStay:
        """What was told."""
        return TellStay(
            arrives_on=self.arrives_on.data,
            arrives_by=self.arrives_by.data or "",
            leaves_on=self.leaves_on.data,
            lodging=Lodging(self.lodging.data) if self.lodging.data else None,
            wishes=self.wishes.data or "",
        )


class SeatStayForm(StayForm):
    """The same, told by the delegation, which finds the beds."""

    place = StringField(_l("Where they sleep"), [Length(max=160)])

    @staticmethod
    def known(stay: Stay | None) -> Mapping[str, Any]:
        """What is known already, and the bed that was found."""
        return {**StayForm.known(stay), "place": stay.place if stay else ""}
