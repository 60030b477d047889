"""What every room stands on: database, money, clock, errors, forms, web, audit, limits."""
