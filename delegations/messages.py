"""What delegations' people are told by e-mail, each in their language. Sent after the fact is committed."""

from collections.abc import Sequence

from flask_babel import force_locale, format_date

from delegations.models import Nomination
from delegations.savings.models import ReminderKind
from delegations.savings.payer_models import Payer
from delegations.savings.schedule import Instalment, InstalmentStatus
from delegations.sending import dated, locale_of, send, spoken
from events.wording import deadline
from shared.addresses import absolute
from shared.i18n import _, ngettext
from shared.money import Money, format_money


def tell_nominated(nomination: Nomination, token: str, *, returned_because: str = "") -> None:
    """A person learns that a seat is theirs to take, and completes their record through a private link."""
    person, seat = nomination.person, nomination.seat
    if not person.email:
        return
    delegation = seat.delegation
    with force_locale(spoken(person.locale)):
        lines = [
            _("%(name)s, there is a seat for you in the delegation %(delegation)s (seat %(seat)s).",
              name=person.name, delegation=delegation.name, seat=seat.code),
            _("Complete your record: it takes three minutes on a phone and needs no account."),
            _("This link is yours alone. Do not pass it on."),
        ]  # fmt: skip
        subject = _("Your seat for %(edition)s", edition=dated(delegation.edition))
        if returned_because:
            subject = _("Your record for %(edition)s needs something more", edition=dated(delegation.edition))
            lines.insert(1, _("Your record came back to you: %(reason)s", reason=returned_because))
        send(
            person.email,
            subject,
            lines,
            _("Complete my record"),
            f"/nominee/{token}",
        )


def tell_new_link(nomination: Nomination, token: str) -> None:
    """A person whose private link opens no more receives another one."""
    person, edition = nomination.person, nomination.seat.delegation.edition
    with force_locale(spoken(person.locale)):
        send(
            person.email,
            _("Your new link for %(edition)s", edition=dated(edition)),
            [
                _("%(name)s, this link opens your record; the earlier ones no longer do.", name=person.name),
                _("This link is yours alone. Do not pass it on."),
            ],
            _("Open my record"),
            f"/nominee/{token}",
        )


def tell_may_correct(nomination: Nomination, token: str) -> None:
    """A person learns that their record is open to them once more, and until when."""
    person, edition = nomination.person, nomination.seat.delegation.edition
    if not person.email or nomination.editable_until is None:
        return
    with force_locale(locale := spoken(person.locale)):
        until = deadline(nomination.editable_until, edition.zone, locale)
        send(
            person.email,
            _("You may correct your record for %(edition)s", edition=dated(edition)),
            [
                _("%(name)s, your record is open to you once more, until %(moment)s.",
                  name=person.name, moment=until),
                _("This link is yours alone. Do not pass it on."),
            ],
            _("Correct my record"),
            f"/nominee/{token}",
        )  # fmt: skip


def tell_accredited(nomination: Nomination) -> None:
    """A person learns that they are expected."""
    person, seat = nomination.person, nomination.seat
    if not person.email:
        return
    with force_locale(spoken(person.locale)):
        send(
            person.email,
            _("You are accredited for %(edition)s", edition=dated(seat.delegation.edition)),
            [
                _("%(name)s, your seat %(seat)s is confirmed.", name=person.name, seat=seat.code),
                _("Your badge waits for you at the welcome desk. Bring an identity document."),
            ],
            _("See the gathering"),
            f"/events/{seat.delegation.edition.code}",
            key=f"nomination-accredited-{nomination.id}",
        )


def tell_plan(payer: Payer, token: str, saved: Money, target: Money, *, stop: str = "") -> None:
    """A payer receives the link to their plan: when it is opened, and as a reminder, with `stop` as below."""
    plan = payer.plan
    if not payer.written_to:
        return
    locale = spoken(payer.organisation.locale)
    with force_locale(locale):
        subject = (
            _("Your savings plan %(plan)s: where it stands", plan=plan.code)
            if stop
            else _("Your savings plan %(plan)s is open", plan=plan.code)
        )
        send(
            payer.written_to,
            subject,
            [
                _("%(saved)s saved of %(target)s for the delegation %(delegation)s.",
                  saved=format_money(saved, locale), target=format_money(target, locale),
                  delegation=plan.delegation.name)
                if target else
                _("You may deposit for the delegation %(delegation)s when you like: nothing is asked of you.",
                  delegation=plan.delegation.name),
                _("In a transfer, write the reference %(reference)s. The page shows what is due and lets you "
                  "pay by card.", reference=payer.reference),
            ],
            _("Open my plan"),
            f"/plan/{token}",
            stop_at=_stop_page(stop),
        )  # fmt: skip


def _stop_page(stop: str) -> str | None:
    """Where a payer ends reminders, by the token of that page."""
    return absolute(f"/reminders/{stop}") if stop else None


def tell_deposit(payer: Payer, amount: Money, payment_id: int) -> None:
    """A payer receives an acknowledgement of a deposit; it is no donation receipt."""
    plan = payer.plan
    if not payer.written_to:
        return
    locale = spoken(payer.organisation.locale)
    with force_locale(locale):
        send(
            payer.written_to,
            _("Deposit received: %(amount)s", amount=format_money(amount, locale)),
            [
                _("We received your deposit of %(amount)s for the plan %(plan)s. Thank you.",
                  amount=format_money(amount, locale), plan=plan.code),
                _("This acknowledges a deposit for your own seats. It is not a donation receipt."),
            ],
            "",
            "",
            key=f"deposit-{payment_id}",
        )  # fmt: skip


def tell_card_declined(payer: Payer, amount: Money, again: str, token: str, *, key: str) -> None:
    """A payer learns that their card was refused: when it is tried `again`, or that it is up to them now.

    Once nothing more is tried, the delegation's contact learns it too.
    """
    plan, locale = payer.plan, spoken(payer.organisation.locale)
    with force_locale(locale):
        shown = format_money(amount, locale)
        subject = _("Your card was refused for the plan %(plan)s", plan=plan.code)
        lines = [
            _(
                "The instalment of %(amount)s could not be taken from your card. Nothing was taken.",
                amount=shown,
            ),
            again or _("We try no more. Leave another card, or pay this instalment as you like."),
        ]
        if payer.written_to:
            path = f"/plan/{token}"
            send(payer.written_to, subject, lines, _("Open the plan"), path, key=f"card-declined-{key}-0")
    contact = plan.delegation.contact_email
    if not again and contact and contact != payer.written_to:
        _tell_contact_of_card(payer, amount, contact, key=f"card-declined-{key}-1")


def _tell_contact_of_card(payer: Payer, amount: Money, contact: str, *, key: str) -> None:
    plan, name = payer.plan, payer.organisation.name
    locale = locale_of(plan.delegation)
    with force_locale(locale):
        send(
            contact,
            _("The card of %(name)s was refused", name=name),
            [
                _("The instalment of %(amount)s of the plan %(plan)s could not be taken from the card of "
                  "%(name)s. Nothing was taken.",
                  amount=format_money(amount, locale), plan=plan.code, name=name),
                _("We wrote to them and try no more. A word from you may help: another card, or a transfer."),
            ],
            _("Open the plan"),
            f"/delegations/{plan.delegation.code}/plans/{plan.code}",
            key=key,
        )  # fmt: skip


def tell_changed(payer: Payer, coming: Sequence[Instalment], version: int) -> None:
    """A payer learns which instalments are `coming` since the plan was changed, soonest first."""
    plan = payer.plan
    if not payer.written_to:
        return
    locale = spoken(payer.organisation.locale)
    with force_locale(locale):
        lines = [
            _("The savings plan %(plan)s for the delegation %(delegation)s was changed.",
              plan=plan.code, delegation=plan.delegation.name),
            ngettext("One instalment is to come, on %(day)s: %(amount)s.",
                     "%(num)s instalments are to come. The next one is on %(day)s: %(amount)s.",
                     len(coming), day=format_date(coming[0].due, "long"),
                     amount=format_money(coming[0].amount, locale))
            if coming else _("Nothing more is asked of you. Thank you."),
            _("Should this surprise you, talk to your delegation."),
        ]  # fmt: skip
        subject = _("Your savings plan %(plan)s was changed", plan=plan.code)
        key = f"plan-changed-{plan.id}-{version}-{payer.id}"
        send(payer.written_to, subject, lines, "", "", key=key)


def tell_due(payer: Payer, entry: InstalmentStatus, kind: ReminderKind, token: str, stop: str) -> None:
    """A payer is reminded of an instalment, kindly; `stop` is the token of the page that ends it."""
    plan = payer.plan
    locale = spoken(payer.organisation.locale)
    with force_locale(locale):
        told = {
            "amount": format_money(entry.instalment.amount - entry.paid, locale),
            "day": format_date(entry.instalment.due, "long"),
            "delegation": plan.delegation.name,
        }
        subject, first = _reminding(kind, told)
        lines = [
            first,
            _("If your payment is on its way, thank you: this message has crossed it."),
            _("In a transfer, write the reference %(reference)s. The page shows what is due and lets you "
              "pay by card.", reference=payer.reference),
        ]  # fmt: skip
        key = f"plan-reminder-{plan.id}-{payer.id}-{entry.instalment.due}-{kind.value}"
        link, stop_at = f"/plan/{token}", _stop_page(stop)
        send(payer.written_to, subject, lines, _("Open my plan"), link, key=key, stop_at=stop_at)


def tell_funder(to: str, locale: str, funder: str, number: int, token: str) -> None:
    """A funder receives the link to a report; it needs no account."""
    with force_locale(spoken(locale)):
        send(
            to,
            _("Report %(number)s on what became of your money: %(funder)s", number=number, funder=funder),
            [
                _("What you gave, what it paid line by line, what is left and what proves it: on one page, "
                  "as a PDF and as a workbook."),
                _("The figures are those of the day it was sent. This link is yours alone."),
            ],
            _("Open the report"),
            f"/report/{token}",
        )  # fmt: skip


def _reminding(kind: ReminderKind, told: dict[str, str]) -> tuple[str, str]:
    """The subject and the first sentence of a reminder."""
    if kind is ReminderKind.BEFORE:
        return (
            _("Soon: %(amount)s on %(day)s", **told),
            _("The next instalment of the delegation %(delegation)s is %(amount)s, on %(day)s.", **told),
        )
    if kind is ReminderKind.ON:
        return (
            _("Today: %(amount)s for your savings plan", **told),
            _("The instalment of %(amount)s for the delegation %(delegation)s falls due on %(day)s.", **told),
        )
    return (
        _("Your savings plan: %(amount)s of %(day)s", **told),
        _("We have not seen %(amount)s of the instalment of %(day)s yet. If times are hard, say so: "
          "the plan can be spread, extended or changed with your delegation.", **told),
    )  # fmt: skip
