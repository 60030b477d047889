"""What the card network tells and is asked, beyond a page to pay on, without its library (11 MB)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from shared.money import Money
from treasury.cards.gateway_values import PaymentGateway, RefundState


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceMove:
    """One line of the account's own statement. `amount` is signed, `fee` is taken off it; `source` is the
    object it comes from (charge, refund, dispute, payout), `kind` the network's word for it.
    """

    id: str
    kind: str
    source: str
    amount: Money
    fee: Money

    @property
    def net(self) -> Money:
        """What the balance changed by."""
        return self.amount - self.fee


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeState:
    """How a dispute stands. `moves` are what it took from the balance, and gave back."""

    id: str
    charge: str
    status: str
    reason: str
    amount: Money
    due_by: datetime | None
    moves: tuple[BalanceMove, ...]

    @property
    def lost(self) -> bool:
        """Whether the money is gone for good."""
        return self.status == "lost"

    @property
    def closed(self) -> bool:
        """Whether nothing more is decided."""
        return self.status in {"won", "lost", "warning_closed", "prevented"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeState:
    """One charge with all that followed it. `reference` is our payment's."""

    id: str
    paid: bool
    amount: Money
    reference: str | None
    payment_intent: str | None
    booked: BalanceMove | None
    refunds: tuple[RefundState, ...] = ()
    disputes: tuple[DisputeState, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutState:
    """Money on its way to the bank. `moves` are what an automatic one is made of, without itself; for one
    that was asked for by hand, which knows no parts, all that moved the balance up to it.
    """

    id: str
    status: str
    amount: Money
    automatic: bool
    arrives_on: date
    moves: tuple[BalanceMove, ...]

    @property
    def came_back(self) -> bool:
        """Whether the bank did not take it."""
        return self.status in {"failed", "canceled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPage:
    """A page on which a payer leaves their card: nothing is taken there."""

    id: str
    url: str
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCard:
    """A card that may be charged later: never its number."""

    customer: str
    method: str
    brand: str
    last4: str
    expires: str


class CardNetwork(PaymentGateway, Protocol):
    """What the treasury asks of a card network; `StripeGateway` says what each means."""

    def create_setup(
        self,
        *,
        currency: str,
        reference: str,
        payer_name: str,
        payer_email: str,
        locale: str,
        success_url: str,
        cancel_url: str,
        idempotency_key: str,
    ) -> SetupPage:
        """Make a page to leave a card on."""
        ...

    def fetch_kept_card(self, setup_page: str) -> KeptCard | None:
        """The card that was left on the page."""
        ...

    def charge_kept_card(
        self,
        *,
        customer: str,
        method: str,
        amount: Money,
        description: str,
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> str:
        """Charge a kept card without its holder."""
        ...

    def paid_intent(self, customer: str, reference: str, attempt: str) -> str | None:
        """The paid intent for our reference and attempt."""
        ...

    def forget_card(self, method: str) -> None:
        """Keep a card no longer."""
        ...

    def fetch_charge(self, charge_id: str) -> ChargeState:
        """A charge with all that followed it."""
        ...

    def fetch_intent_charge(self, intent_id: str) -> ChargeState:
        """The last charge of an intent."""
        ...

    def charge_of(self, object_id_: str, kind: str) -> str | None:
        """The charge that a refund or a dispute is about."""
        ...

    def answer_dispute(self, dispute_id: str, words: str, *, idempotency_key: str) -> None:
        """Send our evidence to the card's bank, for good."""
        ...

    def refund_with(self, charge: str, ours: str) -> RefundState | None:
        """The refund that carries our own number."""
        ...

    def fetch_payout(self, payout_id: str) -> PayoutState:
        """A payout with what it is made of."""
        ...

    def moves_since(self, since: datetime) -> tuple[BalanceMove, ...]:
        """All that moved the balance from a moment on."""
        ...

    def real_time(self) -> datetime:
        """The present moment as the network counts it."""
        ...
