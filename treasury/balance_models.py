"""What the database counts as entries are posted, so that balances of a long journal answer at once."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Base


class PostedBalance(Base):
    """What stands on one account in one fund, and by how many postings. Only triggers write here.

    `minor` is in the account's currency, debit positive. `ledger check` sums the postings again.
    """

    __tablename__ = "posted_balance"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    minor: Mapped[int]
    postings: Mapped[int]
