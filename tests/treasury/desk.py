"""Somebody at the treasury in a browser: pages seen, forms filled in and sent with all they carry."""

import re
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from access.models import User
from tests.conftest import sign_in

_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
_FIELD = re.compile(r"<input\b[^>]*>")
_SELECT = re.compile(r"<select\b([^>]*)>(.*?)</select>", re.DOTALL)


class Desk:
    """Somebody at the treasury, in a browser that reads English."""

    def __init__(self, app: Flask, user: User) -> None:
        self.client: FlaskClient = app.test_client()
        sign_in(self.client, user)
        with self.client.session_transaction() as session:
            session["locale"] = "en"

    def see(self, url: str, status: int = 200) -> str:
        """The page, with its entities read."""
        page = self.client.get(url)
        assert page.status_code == status, page.text[-2000:]
        return unescape(page.text)

    def press(self, page: str, action: str, files: Any = None, **typed: Any) -> TestResponse:
        """Fill in the form of `page` that posts to `action` and send it."""
        html = self.client.get(page).text
        return self.send(html, action or page, files, **typed)

    def send(self, html: str, action: str, files: Any = None, **typed: Any) -> TestResponse:
        """Send the form of `html` that posts to `action`, with everything it carries."""
        forms = [
            one for one in _FORM.findall(html) if f'action="{action}' in unescape(one) or "wide-form" in one
        ]
        forms = forms or [one for one in _FORM.findall(html) if 'class="stacked"' in one]
        assert forms, f"no form posts to {action}"
        carried: dict[str, list[str]] = {}
        for tag in _FIELD.findall(forms[0]):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and 'type="submit"' not in tag:
                carried.setdefault(unescape(name[1]), []).append(unescape(value[1]) if value else "")
        for select_tag, options in _SELECT.findall(forms[0]):
            name, chosen = re.search(r'name="([^"]*)"', select_tag), re.findall(r"<option[^>]*>", options)
            picked = next((one for one in chosen if " selected" in one), chosen[0])
            value = re.search(r'value="([^"]*)"', picked)
            if name and value:
                carried[unescape(name[1])] = [unescape(value[1])]
        found = re.search(r'action="([^"]*)"', forms[0])
        url = unescape(found[1]) if found else action
        return self.client.post(url, data={**carried, **typed, **(files or {})})
