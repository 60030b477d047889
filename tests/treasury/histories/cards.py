"""What the card network tells: charged, given back, disputed, lost; paid out to the bank, and come back."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.database import db
from shared.money import Money
from tests.treasury.histories.chapter import CAD, TODAY, Chapter, PlainLegs
from tests.treasury.histories.plain_books import PlainEntry
from treasury import chart
from treasury.cards.books import book_charge
from treasury.cards.gateway_values import RefundState
from treasury.cards.payouts import book_payout
from treasury.cards.values import BalanceMove, ChargeState, DisputeState, PayoutState
from treasury.models import Payment, PaymentMethod

FEE, DISPUTE_FEE, BACK, STRAY = 30, 15, 300, -200
"""The network's fees, what of a charge is given back, and a fee that nothing of ours explains."""


@dataclass(eq=False)
class Card:
    """A card payment as the network would show it at each stage, and what the plain books make of it."""

    payment: int
    fund: int
    amount: int
    mark: str
    known: set[str] = field(default_factory=set)

    @property
    def rest(self) -> int:
        """What was not given back."""
        return self.amount - BACK

    def state(self, stage: int, reference: str) -> ChargeState:
        """Charged (0), given back in part (1), disputed for the rest (2), lost (3)."""
        refund = RefundState(
            id=f"re_{self.mark}",
            status="succeeded",
            amount=Money(BACK, CAD),
            payment_intent=None,
            balance_transaction=f"txn_r{self.mark}",
        )
        dispute = DisputeState(
            id=f"dp_{self.mark}",
            charge=f"ch_{self.mark}",
            status="lost" if stage == 3 else "needs_response",
            reason="fraudulent",
            amount=Money(self.rest, CAD),
            due_by=None,
            moves=(self.move("dispute"),),
        )
        return ChargeState(
            id=f"ch_{self.mark}",
            paid=True,
            amount=Money(self.amount, CAD),
            reference=reference,
            payment_intent=None,
            booked=self.move("charge"),
            refunds=(refund,) if stage >= 1 else (),
            disputes=(dispute,) if stage >= 2 else (),
        )

    def move(self, what: str) -> BalanceMove:
        """How the network's balance moved."""
        kind, source, minor, fee = {
            "charge": ("charge", "ch", self.amount, FEE),
            "refund": ("refund", "re", -BACK, 0),
            "dispute": ("adjustment", "dp", -self.rest, DISPUTE_FEE),
        }[what]
        return BalanceMove(
            id=f"txn_{source}{self.mark}",
            kind=kind,
            source=f"{source}_{self.mark}",
            amount=Money(minor, CAD),
            fee=Money(fee, CAD),
        )

    def booked(self, stage: int) -> Iterator[tuple[str, PlainLegs]]:
        """The entries that lead there."""
        rest = self.rest
        yield (
            "charge",
            self._legs(("1020", self.amount), ("4100", -self.amount), ("5800", FEE), ("1020", -FEE)),
        )
        if stage >= 1:
            yield "refund", self._legs(("4100", BACK), ("1020", -BACK))
        if stage >= 2:
            held = (("1060", rest), ("1020", -rest), ("5800", DISPUTE_FEE), ("1020", -DISPUTE_FEE))
            yield "dispute", self._legs(*held)
        if stage >= 3:
            yield "lost", self._legs(("4100", rest), ("1060", -rest))

    def _legs(self, *legs: tuple[str, int]) -> PlainLegs:
        return [(self.fund, account, CAD, minor) for account, minor in legs]


class Cards(Chapter):
    """Charges and payouts. `waiting` is what the network has not paid out, by fund."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[Card] = []
        self.moves: list[BalanceMove] = []
        self.unpaid: list[tuple[BalanceMove, int]] = []
        self.payouts: list[tuple[PayoutState, PlainEntry, bool]] = []

    @rule(fund=st.integers(0, 1), dollars=st.integers(10, 60), stage=st.integers(0, 3), again=st.booleans())
    def card(self, fund: int, dollars: int, stage: int, again: bool) -> None:
        """The card network is looked at: charged, then given back in part, disputed, lost; in any order."""
        if again and self.cards:
            card = self.cards[fund % len(self.cards)]
        else:
            whose, amount = self.funds[fund], dollars * 100
            payment = self.asked(whose, amount, PaymentMethod.CARD)
            card = Card(payment, whose, amount, f"{self.ground.count}-{len(self.cards)}")
            self.cards.append(card)
        reference = db.session.get_one(Payment, card.payment).reference
        self.expect("", lambda: book_charge(card.state(stage, reference)))
        for what, legs in card.booked(stage):
            if what not in card.known:
                card.known.add(what)
                self._happened(legs)
                if what != "lost":
                    self._moved(card.move(what), card.fund)

    @precondition(lambda self: self.unpaid)
    @rule(stray=st.booleans(), failed=st.booleans())
    def pay_out(self, stray: bool, failed: bool) -> None:
        """The network pays out all it has, by its own calendar; a fee of its own may be among it."""
        if stray:
            fee = BalanceMove(
                id=f"txn_s{self.ground.count}-{len(self.moves)}",
                kind="stripe_fee",
                source="fee",
                amount=Money(STRAY, CAD),
                fee=Money(0, CAD),
            )
            unclear = self.ground.unclear_fund
            self._moved(fee, unclear)
            self._happened([(unclear, chart.STRIPE, CAD, STRAY), (unclear, chart.SUSPENSE, CAD, -STRAY)])
        shares: Counter[int] = Counter()
        for move, fund in self.unpaid:
            shares[fund] += move.net.minor
        moves, self.unpaid = tuple(move for move, _fund in self.unpaid), []
        self._paid_out(shares, moves, automatic=True, failed=failed)

    @rule(dollars=st.integers(1, 80), failed=st.booleans())
    def pay_out_by_hand(self, dollars: int, failed: bool) -> None:
        """Somebody asks for a payout: each fund's share in turn, and nobody's for the rest."""
        left, shares = dollars * 100, Counter[int]()
        for fund in sorted(self.funds):
            held = sum(minor for one, minor in self._at_network() if one == fund)
            shares[fund] = min(max(held, 0), left)
            left -= shares[fund]
        shares[self.ground.unclear_fund] += left
        self._paid_out(shares, tuple(self.moves), automatic=False, failed=failed)

    @precondition(lambda self: self.payouts)
    @rule(which=st.integers(0, 99), failed=st.booleans())
    def hear_of_payout_again(self, which: int, failed: bool) -> None:
        """A message about a payout comes again, perhaps that the bank would not have it."""
        place = which % len(self.payouts)
        state, entry, back = self.payouts[place]
        self._told(place, state, entry, back, failed)

    def _paid_out(
        self, shares: Counter[int], moves: tuple[BalanceMove, ...], *, automatic: bool, failed: bool
    ) -> None:
        state = PayoutState(
            id=f"po_{self.ground.count}-{len(self.payouts)}",
            status="paid",
            amount=Money(shares.total(), CAD),
            automatic=automatic,
            arrives_on=self.on(TODAY),
            moves=moves,
        )
        self.expect("", lambda: book_payout(state))
        legs = [
            leg
            for fund, minor in shares.items()
            for leg in ((fund, chart.BANK, CAD, minor), (fund, chart.STRIPE, CAD, -minor))
        ]
        self.payouts.append((state, self._happened(legs), False))
        out = BalanceMove(
            id=f"txn_{state.id}", kind="payout", source=state.id, amount=-state.amount, fee=Money(0, CAD)
        )
        self.moves.append(out)
        if failed:
            self._told(len(self.payouts) - 1, *self.payouts[-1], failed)

    def _told(self, place: int, state: PayoutState, entry: PlainEntry, back: bool, failed: bool) -> None:
        again = PayoutState(
            id=state.id,
            status="failed" if failed else "paid",
            amount=state.amount,
            automatic=state.automatic,
            arrives_on=state.arrives_on,
            moves=state.moves,
        )
        self.expect("", lambda: book_payout(again))
        if failed and not back:
            self._happened([(fund, account, code, -minor) for fund, account, code, minor in entry.legs])
            self.moves.append(
                BalanceMove(
                    id=f"txn_back_{state.id}",
                    kind="payout_failure",
                    source=state.id,
                    amount=state.amount,
                    fee=Money(0, CAD),
                )
            )
            self.payouts[place] = (state, entry, True)

    def _at_network(self) -> list[tuple[int, int]]:
        """What each fund has at the network."""
        return [
            (fund, minor)
            for (fund, account, code), minor in self.books.balances.items()
            if (account, code) == (chart.STRIPE, CAD)
        ]

    def _moved(self, move: BalanceMove, fund: int) -> None:
        self.moves.append(move)
        self.unpaid.append((move, fund))

    def _happened(self, legs: PlainLegs) -> PlainEntry:
        entry = PlainEntry(self.books.open_day(self.on(TODAY)), legs, author="", fact=True)
        self.books.post(entry)
        return entry
