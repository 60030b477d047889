"""One server to measure: `python -m bench.served teranga|floor PORT FOLDER DATABASE_URL`.

Both sides run under the same gunicorn, with the threads of `teranga serve`, on the same database.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from flask import Flask, request
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine

from app import create_app
from config.settings import Settings
from serving import THREADS, Server
from tables import engine_options

SECRET = "a secret of the measurements, known to everybody"


def settings(folder: Path, url: str, port: int = 0) -> Settings:
    """The application without its limits: one address asks for everybody here."""
    return Settings(
        database_url=url,
        instance=folder,
        secret_key=SECRET,
        public_url=f"http://127.0.0.1:{port}",
        stripe_secret_key="sk_test_measured",
        stripe_webhook_secret="whsec_measured",
        stripe_api_base="http://127.0.0.1:9",
        rate_limits=False,
    )


def floor(url: str) -> Flask:
    """The least that could be called a registration: one row, committed."""
    app = Flask("floor")
    engine = create_engine(url, **engine_options(url))
    rows = Table("floor", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(160)))
    rows.metadata.create_all(engine)

    @app.post("/")
    def insert() -> str:
        with engine.connect().execution_options(write=True) as connection, connection.begin():
            connection.execute(rows.insert().values(name=request.form["name"]))
        return "ok"

    return app


def main() -> None:
    """Serve until told to stop."""
    kind, port, folder, url = sys.argv[1:]
    makers: dict[str, Callable[[], Flask]] = {
        "teranga": lambda: create_app(settings(Path(folder), url, int(port))),
        "floor": lambda: floor(url),
    }
    options = {
        "bind": f"127.0.0.1:{port}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": THREADS,
        "loglevel": "warning",
    }
    Server(makers[kind], options).run()


if __name__ == "__main__":
    main()
