"""A loopback Stripe: stateful, speaking the real wire format, for the demonstration and the tests.

It is the outside world. It imports nothing of the application and is always reached through the official
library: ``stripe.StripeClient(key, base_addresses={"api": url})``. Endpoints under ``/_control/`` make it
misbehave on request (webhooks twice, late, held or out of order; errors; slow answers).
"""
