"""Papers that leave the house: receipts, invoices, official donation receipts."""
