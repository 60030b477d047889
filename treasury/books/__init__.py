"""The books as a whole: chart, rates, exchange, periods, the year's end, the auditor's walk."""
