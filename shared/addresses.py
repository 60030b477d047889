"""Where this installation is reached, for links in messages and on paper."""

_base = ""


def settle(base: str) -> None:
    """Take the public address (``https://teranga.example.org``) from the settings, once, in `app.py`."""
    global _base
    _base = base.rstrip("/")


def absolute(path: str) -> str:
    """The whole address of a path of this site (``/nominee/…``)."""
    return f"{_base}{path}"
