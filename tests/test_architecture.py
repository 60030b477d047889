"""The shape of the code: who may know whom, how large a piece may grow, what every public thing owes."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from access.policy import ALLOWS, Permission
from access.tokens import SCOPES
from shared.web import PUBLIC, SIGNED_IN, permission_of

ROOT = Path(__file__).resolve().parent.parent
ROOMS = "access config delegations demonstration documents events network outbox shared treasury".split()
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
SHARED = 1000
DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc", "base", "lib", "tools"}


def sources() -> list[Path]:
    """The product's own Python files."""
    return [
        *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))),
        *(ROOT / f"{name}.py" for name in ("app", "compression", "menu", "serving", "tables", "waiting")),
    ]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_contracts_catch_a_room_that_reaches_up(tmp_path: Path) -> None:
    contracts = (ROOT / "pyproject.toml").read_text()
    turned = re.sub(r"layers = \[.*\]", 'layers = ["config", "shared", "access"]', contracts)
    (tmp_path / "turned.toml").write_text(turned)
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache", "--config"]
    done = subprocess.run(
        [*command, str(tmp_path / "turned.toml")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "BROKEN" in done.stdout


def test_shared_stays_small() -> None:
    assert sum(lines(path) for path in (ROOT / "shared").glob("*.py")) < SHARED


def test_no_file_outgrows_its_topic() -> None:
    assert [
        f"{path.relative_to(ROOT)}: {lines(path)}" for path in sources() if lines(path) > LONGEST_FILE
    ] == []


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of the product."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def test_no_function_outgrows_a_screen() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path, node in functions()
        if node.end_lineno and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert found == []


def test_no_drawer_for_everything() -> None:
    assert [str(path.relative_to(ROOT)) for path in sources() if path.stem in DRAWERS] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in sources() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_every_public_operation_says_what_it_does() -> None:
    silent = []
    for path in sources():
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert silent == []


@pytest.mark.parametrize("word", ["datetime.now(", "datetime.utcnow(", "date.today(", "time.time("])
def test_the_clock_is_the_only_source_of_the_present(word: str) -> None:
    # Stripe stamps with the real time; `serve` tells its children when the demonstration began.
    allowed = {"shared/clock.py", "treasury/cards/gateway.py", "app.py"}
    found = [str(path.relative_to(ROOT)) for path in sources() if word in path.read_text()]
    assert set(found) <= allowed


def test_operations_never_commit() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources()
        if path.name != "database.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\bsession(\(\))?\.commit\(", line)
    ]
    assert found == []


def test_every_text_is_translated() -> None:
    done = subprocess.run(
        [sys.executable, "script/translations", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_route_names_a_permission_that_exists(app: Flask) -> None:
    known = {PUBLIC, SIGNED_IN, *SCOPES, *Permission}
    unused = {"security.logout", "security.tf_select", "security.two_factor_rescue"}
    for rule in app.url_map.iter_rules():
        wanted = permission_of(app, rule.endpoint)
        assert wanted in known or (wanted is None and rule.endpoint in unused), f"{rule} names {wanted!r}"


def test_every_permission_is_held_by_somebody() -> None:
    assert set(Permission) == set().union(*ALLOWS.values())


def test_no_template_carries_style_or_script_of_its_own() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=\"|<style")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if not {"emails", "email", "print"} & set(path.parts)
        if (match := inline.search(path.read_text()))
    ]
    assert found == []


def tokens_in_addresses(page: str) -> list[str]:
    """The forms of a template that put their secret into an address: asked with GET, or by such a button."""
    return [
        form
        for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL | re.IGNORECASE)
        if re.search(r"csrf_token|hidden_tag|post_button", form)
        and re.search(r"method=[\"']?get\b", form, re.IGNORECASE)
    ]


def test_no_address_carries_a_forms_secret() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {form[:120]}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for form in tokens_in_addresses(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("form", "leaks"),
    [
        ('<form method="get">{{ form.csrf_token }}<input name="day"></form>', True),
        ('<form method="post">{{ form.hidden_tag() }}\n<button formmethod="get">?</button></form>', True),
        ('<form method="get"><input></form><form method="post">{{ form.csrf_token }}</form>', False),
    ],
)
def test_a_form_that_would_leak_its_secret_is_seen(form: str, leaks: bool) -> None:
    assert bool(tokens_in_addresses(form)) is leaks


def test_every_form_is_one_of_the_house() -> None:
    """What `shared.forms.Form` refuses (unprintable text), no form forgets."""
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and path != ROOT / "shared/forms.py"
        for base in node.bases
        if isinstance(base, ast.Name) and base.id == "FlaskForm"
    ]
    assert strays == []
