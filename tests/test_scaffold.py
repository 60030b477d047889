"""What has to stay true of the checkout itself, whatever the product does."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

import tables

ROOT = Path(__file__).resolve().parent.parent
# Spelt with a class each, so that this file does not name what it looks for.
HOSTS = re.compile(r"\b(pyp[i]|pythonhoste[d]|npmj[s]|deb\.debia[n])\.(org|com)\b")
MACHINE_PATHS = re.compile(r"/(wor[k]|hom[e]|roo[t]|User[s])/\w")


def script(name: str) -> ModuleType:
    """One of the project's Python scripts, as a module."""
    loader = SourceFileLoader(name, str(ROOT / "script" / name))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def tracked() -> list[Path]:
    """The text files under version control, those copied from elsewhere left out."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [
        ROOT / name for name in listed.stdout.split("\0") if name and not name.startswith("static/vendor/")
    ]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


def test_no_registry_host_and_no_path_of_one_machine_is_named() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        for pattern in (HOSTS, MACHINE_PATHS)
        if (match := pattern.search(path.read_text(errors="replace")))
    ]
    assert found == []


def test_the_patterns_find_what_they_look_for() -> None:
    assert HOSTS.search("https://files.pythonhoste" + "d.org/packages")
    assert MACHINE_PATHS.search("open('/hom" + "e/ondine/teranga')")
    assert not MACHINE_PATHS.search("see /treasury/home for that")


def test_a_package_that_left_the_lists_is_a_stray() -> None:
    locks = ["flask==3.1.2 \\\n    --hash=sha256:ab\n    # via flask-babel\n", "pytest==9.1.0 \\\n"]
    installed = ["Flask", "pytest", "Flask_Babel", "pip", "teranga"]
    assert script("strays").strays(installed, locks) == ["flask-babel"]
    assert script("strays").strays(installed, [*locks, "flask-babel==4.0.0"]) == [], "the control"


@pytest.mark.parametrize(("name", "least"), [("build", 1), ("app", 50), ("test", 100)])
def test_every_locked_package_has_one_version_and_hashes(name: str, least: int) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements" / f"{name}.txt").read_text())
    packages = [entry for entry in entries if not entry.startswith((" ", "#"))]
    assert len(packages) >= least
    assert [entry for entry in packages if not re.match(r"[\w.-]+(\[[\w,]+\])?==\S+ ", entry)] == []
    assert [entry for entry in packages if "--hash=sha256:" not in entry] == []


def test_the_tests_run_on_the_versions_that_the_application_installs() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==[^\s\\]+", text, re.MULTILINE))

    assert pins("app") - pins("test") == set()


def test_copied_files_are_those_of_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = script("vendor")
    assert list(vendor.faults()) == []
    copy = tmp_path / "vendor"
    copy.mkdir()
    for path in vendor.VENDOR.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "htmx.min.js").write_text("alert(1)")
    (copy / "jquery.js").write_text("")
    monkeypatch.setattr(vendor, "VENDOR", copy)
    assert list(vendor.faults()) == [
        "htmx.min.js was changed after it was copied",
        "jquery.js comes from no locked package",
    ]


def test_a_missing_or_wrong_translation_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    translations = script("translations")
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    (tmp_path / "events").mkdir()
    (tmp_path / "templates" / "events").mkdir(parents=True)
    catalogue = tmp_path / "translations" / "fr" / "LC_MESSAGES" / "events.po"
    catalogue.parent.mkdir(parents=True)
    (tmp_path / "events" / "fees.py").write_text(
        'a = _("Paid")\nb = _("Late by %(days)s days", days=3)\nc = _l("Unsaid")\nd = _("Why?")\n'
    )
    (tmp_path / "templates" / "events" / "fees.html").write_text(
        '{{ ngettext("%(num)s seat", "%(num)s seats", 2) }} {{ _("100%") }}'
    )
    catalogue.write_text(
        'msgid "Paid"\nmsgstr "Payé"\n\n'
        'msgid "Late by %(days)s days"\nmsgstr "En retard de %(jours)s jours"\n\n'
        'msgid "%(num)s seat"\nmsgid_plural "%(num)s seats"\n'
        'msgstr[0] "une place"\nmsgstr[1] "%(num)s places"\n\n'
        'msgid "100%"\nmsgstr "100 %"\n\nmsgid "Why?"\nmsgstr "Pourquoi ?"\n'
    )
    assert [fault.partition(":")[2] for fault in translations.faults("fr")] == [
        "2: 'En retard de %(jours)s jours' does not fill in ['days'] in the translation"
        " of 'Late by %(days)s days'",
        "3: no translation (fr) of 'Unsaid'",
        "4: a space where the line may break in the translation (fr) of 'Why?'",
        "1: '100%' cannot be filled in (a percent sign is written %% there) of '100%'",
        "1: '100 %' cannot be filled in (a percent sign is written %% there) of '100%'",
    ]
    translations.compile_stale()
    assert catalogue.with_suffix(".mo").exists()


@pytest.mark.parametrize("name", ["run", "test", ".ci/run", "script/postgres", "script/lock"])
def test_the_commands_can_be_run_and_read(name: str) -> None:
    path = ROOT / name
    assert path.stat().st_mode & 0o111
    shell = path.read_text().splitlines()[0].split()[-1].rpartition("/")[2]
    assert subprocess.run([shell, "-n", path], check=False).returncode == 0


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/first-steps.md", "docs/premiers-pas.md", "docs/story.md", "docs/histoire.md"],
)
def test_what_a_page_links_to_is_there(page: str) -> None:
    links = re.findall(r"\]\(([^):#]+)\)", (ROOT / page).read_text())
    assert links
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_a_room_that_looks_the_wrong_way_is_found(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for room in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "app.py").touch()
    (tmp_path / "events" / "views.py").write_text("import flask\nimport treasury.ledger\n")
    (tmp_path / "treasury" / "ledger.py").touch()

    def contracts() -> str:
        command = [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
        ]
        done = subprocess.run(
            [*command, "--no-logo"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return done.stdout

    assert "Contracts: 5 kept, 0 broken." in contracts()
    (tmp_path / "treasury" / "ledger.py").write_text("import flask\nimport events.views\n")
    (tmp_path / "simulator" / "cards.py").write_text("import shared\n")
    (tmp_path / "shared" / "web.py").write_text("import app\nimport simulator\n")
    assert "Contracts: 0 kept, 5 broken." in contracts()


_NOT_FOR_PAGES = [
    *(
        "PIL",
        "alembic",
        "demonstration",
        "huey",
        "icalendar",
        "numpy",
        "psycopg",
        "rapidfuzz",
        "requests",
        "scipy",
    ),
    *("segno", "stripe", "weasyprint", "webauthn", "xlsxwriter"),
]


def test_a_web_process_loads_only_what_pages_need() -> None:
    """The rest comes with the first card, workbook or calendar, in another process, or never."""
    asks = f"import sys, app; print([name for name in {_NOT_FOR_PAGES!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"


def test_the_newest_migration_is_the_one_with_the_highest_number() -> None:
    """By which a server tells, without Alembic, whether its tables are up to date."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(ROOT / "migrations"))
    assert scripts.get_heads() == [tables.newest()]
