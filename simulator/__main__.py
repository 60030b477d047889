"""``python -m simulator``: serve the loopback Stripe. It listens on 127.0.0.1 only."""

import argparse
import logging
import signal
from pathlib import Path

from werkzeug.serving import make_server

from simulator.app import close_simulator, create_simulator


def main() -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A loopback Stripe to try payments with."
    )
    parser.add_argument("--port", type=int, default=8011, help="port on 127.0.0.1")
    parser.add_argument(
        "--database", type=Path, default=Path("instance/stripe.db"), help="its own SQLite file"
    )
    parser.add_argument("--webhook-url", help="where its signed events go")
    parser.add_argument("--webhook-secret", required=True, help="what they are signed with")
    parser.add_argument("--public-url", help="where browsers reach it, when that is not the port itself")
    asked = parser.parse_args()
    url = asked.public_url or f"http://127.0.0.1:{asked.port}"
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app = create_simulator(asked.database, asked.webhook_url, asked.webhook_secret, url)
    server = make_server("127.0.0.1", asked.port, app, threaded=True)
    # A shell that starts its jobs in the background has them ignore interrupts; this one ends by them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(f"Loopback Stripe on {url}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        close_simulator(app)


if __name__ == "__main__":
    main()
