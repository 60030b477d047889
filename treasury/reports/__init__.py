"""What the books tell: reports, exports, the treasurer's night, the auditor's sample."""
