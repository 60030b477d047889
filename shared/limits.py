"""How often one address may ask: counted per process, or in the store that the settings name."""

from flask import Flask, request
from flask_limiter import Limiter


def _address() -> str:
    """Whoever asks. Behind a proxy this is right only if the settings say how many proxies there are."""
    return request.remote_addr or "nobody"


limiter = Limiter(key_func=_address, strategy="moving-window", headers_enabled=True)


def install(app: Flask, *, enabled: bool, storage: str) -> None:
    """Count on `app`; `storage` is ``memory://`` or a Redis address."""
    app.config.update(RATELIMIT_ENABLED=enabled, RATELIMIT_STORAGE_URI=storage)
    limiter.init_app(app)
