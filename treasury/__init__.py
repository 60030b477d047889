"""Facts about money: the ledger, payments, bank statements and their reconciliation."""
