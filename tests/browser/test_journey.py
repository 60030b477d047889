"""One life, from the invitation to the badge at the door, in a real browser on a running demonstration.

French on a phone without JavaScript. What may go wrong on the way has tests of its own: a form posted twice,
a full edition, a declined card, a webhook twice or before the page (tests/events, tests/treasury), a code of
another edition (tests/events/test_checkin.py), an expired link and a seat taken (tests/delegations).
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
HERE = Path(__file__).parents[2]
SAMPLES = HERE / "demonstration" / "samples"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demonstration at S1b, served as `./run` serves it: server, worker, loopback Stripe."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("journey")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TERANGA_")},
        "TERANGA_DEMO": "1",
        "TERANGA_INSTANCE": str(folder),
    }
    teranga = [sys.executable, str(HERE / "app.py")]
    subprocess.run([*teranga, "demo", "--clock", "S1b"], env=environment, cwd=HERE, check=True)
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*teranga, "serve", "--port", str(port)], env=environment, cwd=HERE, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/demo").close()
            break
        except OSError:
            time.sleep(0.1)
    yield url
    server.send_signal(signal.SIGTERM)
    server.wait(20)


class Visitor:
    """Somebody with a telephone: opens pages, fills in forms by field, presses what they read."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = home

    def become(self, name: str) -> None:
        self.go("/demo")
        self.page.get_by_role("button", name=f"Devenir {name}", exact=True).first.click()

    def leave(self) -> None:
        self.go("/demo")
        self.press("Se déconnecter")

    def go(self, path: str) -> str:
        answer = self.page.goto(path if path.startswith("http") else self.home + path)
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"
        return self.text()

    def text(self) -> str:
        """What stands on the page, spaces made plain."""
        return re.sub(r"[\s\u00a0\u202f]+", " ", self.page.locator("body").inner_text())

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            field = self.page.locator(f"main [name={name}]").first
            folded = field.locator("xpath=ancestor::details[not(@open)]/summary")
            if folded.count():
                folded.first.click()
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            elif field.get_attribute("type") in ("radio", "checkbox"):
                self.page.locator(f"main [name={name}][value='{value}']").check()
            else:
                field.fill(value)

    def press(self, name: str) -> str:
        self.page.get_by_role("button", name=re.compile(name)).first.click()
        return self.text()

    def send(self, **fields: str) -> str:
        """Fill in the page's form and press its main button."""
        self.fill(**fields)
        self.page.locator("main form.stacked [type=submit]").first.click()
        assert not self.page.locator(".summary-errors").count(), self.text()
        return self.text()

    def message(self, subject: str) -> str:
        """Open the newest message whose subject has these words, once it is written, as its reader does.

        The worker begins with the past of the demonstration: what it writes meanwhile fills the first pages.
        """
        written = self.page.get_by_role("link", name=re.compile(subject)).first
        older = self.page.locator("main a[rel=next]")
        patience = time.monotonic() + 45
        self.go("/outbox")
        while not written.count() and time.monotonic() < patience:
            if older.count():
                older.first.click()
            else:
                self.page.wait_for_timeout(200)
                self.go("/outbox")
        written.click()
        return self.page.url

    def link_in_message(self, subject: str, part: str) -> str:
        """The address in a message that leads to `part`."""
        self.message(subject)
        source = self.page.content()
        found = re.search(rf"{re.escape(self.home)}{part}[A-Za-z0-9_-]+", source)
        assert found, f"no {part} in {subject}"
        return found[0]


@pytest.fixture
def visitor(browser: Browser, running: str) -> Iterator[Visitor]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="fr-CA", java_script_enabled=False
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield Visitor(page, running)
    context.close()


def test_one_life_from_the_first_deposit_to_the_badge(visitor: Visitor) -> None:
    v = visitor

    # 1. An organiser creates the series and the edition.
    v.become("Fatou Modèle")
    v.go("/manage/events/new")
    v.send(
        series="", series_code="FORUM", series_name="Forums", code="DKR08", name="Dakar 2008", theme="",
        starts_on="2008-11-22", ends_on="2008-11-26", place="Dakar", country="SN", zone="Africa/Dakar",
        fee="250,00", currency="CAD", currencies="XOF", capacity="300", delegation_deadline="2008-10-31",
    )  # fmt: skip
    v.go("/manage/events/DKR08")
    v.press("Ouvrir les inscriptions")
    assert "Dakar 2008" in v.go("/events/DKR08")

    # 2. A delegation is invited, asks for six seats and gets them; each shows who nominates and its cost.
    v.go("/delegations/invite")
    edition = v.page.locator("[name=edition_id] option", has_text="Dakar 2008").get_attribute("value")
    head = "ondine.exemple@example.org"
    v.send(edition_id=edition or "", name="Outaouais", code="DKR08-OUT", contact_email=head)
    v.go("/delegations/costs/DKR08/new?kind=seat")
    for number, (label, price, group) in enumerate((("Vol", "2 920,00", "T"), ("Séjour", "1 580,00", "U"))):
        line = {"label": label, "price": price, "group": group}
        v.fill(**{f"lines-{number}-{name}": value for name, value in line.items()})
    v.fill(title="Une place")
    v.press("Garder le brouillon")
    v.become("Zoé Témoin")
    v.go("/delegations/costs/DKR08")
    v.page.get_by_role("link", name="Regarder et approuver").first.click()
    assert "4 500,00" in v.press("Approuver")
    v.become("Ondine Exemple")
    v.go("/delegations/DKR08-OUT/request")
    v.send(count="6", note="Ville, cégep, carrefour jeunesse, université")
    v.become("Fatou Modèle")
    v.go("/delegations/DKR08-OUT/allocate")
    v.send(count="6")
    v.become("Ondine Exemple")
    v.go("/delegations/DKR08-OUT")
    v.press("Confirmer")
    v.go("/delegations/DKR08-OUT/seats/1")
    v.page.locator("[name=nominator]").fill("Ville fictive")
    v.press("Enregistrer")
    seat = v.go("/delegations/DKR08-OUT/seats/1")
    assert ("Ville fictive" in v.page.content(), "4 500,00" in seat) == (True, True)

    # 3. Its payer saves 12 × 750.00; a transfer is recorded and approved by two, a card pays from a message.
    v.go("/delegations/DKR08-OUT/plans/open")
    v.send(
        payer_name="Réseau fictif du Grand-Héron", payer_email="tresorerie.heron@example.org", code="P20",
        seats="6", target="9 000,00", count="12", every_months="3", first_due="2006-01-15",
    )  # fmt: skip
    v.become("Aristide Fictif")
    v.go("/delegations/DKR08-OUT/plans/P20/deposit")
    v.send(amount="750,00", received_on="2005-11-22")
    assert "Épargné 0,00 CAD" in v.go("/delegations/DKR08-OUT/plans/P20")
    v.become("Zoé Témoin")
    assert "Plan d’épargne P20, Outaouais" in v.go("/treasury")
    assert "Approuvé : c’est dans les livres" in v.press("Approuver")
    assert "Épargné 750,00 CAD" in v.go("/delegations/DKR08-OUT/plans/P20")
    private = v.link_in_message("P20 est ouvert", "/plan/")
    v.leave()
    v.go(private)
    v.fill(amount="750,00")
    v.press("Payer par carte")
    v.press("Une carte qui paie")
    v.page.wait_for_url(f"{v.home}/**")
    paid = v.go(private)
    assert "Épargné 1 500,00 CAD" in paid
    passbook = v.page.request.get(f"{private}/passbook.pdf")
    assert passbook.body()[:5] == b"%PDF-"

    # 4. The funders' rules give the coverage, and why 1,920.00 cannot be used.
    v.become("Ondine Exemple")
    v.go("/delegations/DKR05-OUT")
    told = re.sub(r"[\s\u00a0\u202f]+", " ", v.page.content())
    assert ("1 920,00" in told, "16 080,00" in told) == (True, True)

    # 5. The head names a person, who completes their record; both say yes to it; the fee is settled.
    v.go("/delegations/DKR08-OUT/seats/1/nominate")
    v.send(name="Awa Spécimen", email="awa.specimen@example.org", organisation_name="Ville fictive")
    nominee = v.link_in_message("Awa|Dakar 2008|DKR08", "/nominee/")
    v.leave()
    v.go(nominee)
    v.page.locator("[name=languages][value=fr]").check()
    v.send(name="Awa Spécimen", country="SN")
    v.become("Ondine Exemple")
    v.go("/delegations/DKR08-OUT/seats/1")
    v.press("Confirmer la fiche")
    v.become("Fatou Modèle")
    v.go("/delegations/DKR08-OUT/seats/1")
    v.press("Accréditer")
    assert "Awa Spécimen" in v.go("/manage/events/DKR08/registrations")
    v.become("Aristide Fictif")
    v.go("/delegations/DKR08-OUT/seats/1")
    v.press("Payer les frais")
    v.become("Zoé Témoin")
    v.go("/treasury")
    v.press("Approuver")

    # 6. The public registers alone: free, by transfer, by card; a message brings code and calendar.
    v.leave()
    for number, (tier, method) in enumerate((("gratuit", ""), ("regulier", "transfer"), ("reduit", "card"))):
        v.go("/events/UE07/register")
        v.page.locator("[name=languages][value=fr]").check()
        v.fill(name=f"Visiteuse Fictive {number}", email=f"visite{number}@example.org", country="CA")
        v.page.locator(f"[name=tier][value={tier}], [name=tier_code][value={tier}]").first.check()
        if method:
            v.page.locator(f"[name=method][value={method}]").check()
        time.sleep(2.1)  # a person takes a moment; a machine that does not is turned away
        v.press("S’inscrire")
        if method == "card":
            v.press("Une carte qui paie")
            v.page.wait_for_url(f"{v.home}/**")
    time.sleep(2)
    v.message("Université d’été 2007")
    assert ".ics" in v.page.content()

    # 7. Badges: one A4 PDF, four up; one reprinted as copy 2.
    v.become("Fatou Modèle")
    sheet = v.page.request.get(f"{v.home}/manage/events/DKR05/badges.pdf?party=DKR05-OUT")
    assert sheet.body()[:5] == b"%PDF-"
    v.go("/manage/events/DKR05/badges?q=Substitut")
    row = v.page.locator("tr", has_text="Lison Substitut")
    first = re.search(r"[2-9A-Z]{4} ?[2-9A-Z]{4}", row.inner_text().replace("\u00a0", " "))
    assert first
    row.get_by_role("link", name=re.compile("Perdu")).click()
    v.page.locator("[name=reason]").fill("Badge perdu")
    v.press("copie")
    v.go("/manage/events/DKR05/badges?q=Substitut")
    second = re.search(
        r"[2-9A-Z]{4} ?[2-9A-Z]{4}", v.page.locator("tr", has_text="Lison Substitut").inner_text()
    )
    assert second
    assert second[0] != first[0]

    # 8. Check-in by a typed code: revoked, welcome, already in, unknown; has Outaouais arrived?
    v.become("Boubacar Échantillon")
    for code, said in ((first[0], "n’est plus valable|annulé|remplacé|révoqu"), (second[0], "Bienvenue"),
                       (second[0], "[Dd]éjà"), ("ABCD 2345", "inconnu|faute")):  # fmt: skip
        v.go("/check-in/DKR05")
        v.page.locator("[name=code]").fill(code)
        told = v.press("Accueillir")
        assert re.search(said, told), (code, told)
    assert "Outaouais" in v.go("/check-in/DKR05/arrivals?q=Outaouais")

    # 9. The treasurer imports statements, confirms a suggestion, undoes it; the balance never moves.
    v.become("Aristide Fictif")
    balance = v.go("/treasury/trial-balance")
    for sample in sorted(SAMPLES.iterdir()):
        v.go("/treasury/statements/import")
        v.page.locator("[name=file]").set_input_files(sample)
        v.press("Regarder le fichier")
        v.press("Importer ces lignes|Aller au relevé")
    v.go("/treasury/statements")
    v.page.locator("main a[href*='/treasury/statements/']", has_text="octobre").first.click()
    workbench = v.text()
    assert re.search("montant", workbench)
    statement = v.page.url.partition("?")[0]
    v.press("^Rapprocher")
    v.go(f"{statement}?show=all")
    v.press("Défaire")
    assert v.go("/treasury/trial-balance") == balance

    # 10. The substitution in MAU and the withdrawal in COO, as they happened.
    v.become("Fatou Modèle")
    left = {"MAU/seats/3": ("Lison Substitut",), "COO/seats/5": ("Théo Démo",)}
    for seat, names in left.items():
        v.go(f"/delegations/DKR05-{seat}")
        history = v.page.content()  # the history is folded away
        assert [name for name in names if name not in history] == []
