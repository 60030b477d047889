"""`teranga users` and `teranga tokens`: who signs in, what they look after, machines' keys."""

import json
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from access import grants, tokens
from access.models import ApiToken, Grant, RoleName, ScopeKind, User
from access.users import CreateUser, create_user, find_user
from shared.audit import System
from shared.database import db, transaction
from shared.i18n import DEFAULT_LOCALE, LOCALES

BY = System("command")


class NoSuchUser(click.ClickException):
    """Nobody signs in with this address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"Nobody signs in with {email}.")


def person(email: str) -> User:
    """The user with this address. Raises `NoSuchUser`."""
    user = find_user(email)
    if user is None:
        raise NoSuchUser(email)
    return user


@click.group("users")
def users() -> None:
    """People who sign in."""


@users.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--locale", type=click.Choice(LOCALES), default=DEFAULT_LOCALE, show_default=True)
@click.option("--password", help="Without one they sign in by e-mail link.")
@with_appcontext
def add_user(email: str, name: str, locale: str, password: str | None) -> None:
    """Let somebody sign in."""
    with transaction():
        user = create_user(CreateUser(email=email, name=name, locale=locale, password=password), by=BY)
    click.echo(f"{user.email} can sign in.")


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_users(as_json: bool) -> None:
    """Show everybody and what they look after."""
    people = [_wire(user) for user in db.session.scalars(select(User).order_by(User.email))]
    if as_json:
        click.echo(json.dumps(people, ensure_ascii=False, indent=2))
        return
    for one in people:
        roles = ", ".join(f"{role['role']}{_place(role)}" for role in one["roles"]) or "-"
        click.echo(f"{one['email']:<32} {one['name']:<28} {roles}")


@users.command("grant")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in RoleName]))
@click.option("--edition-id", type=int, help="Only for this edition.")
@click.option("--delegation-id", type=int, help="Only for this delegation.")
@click.option("--revoke", is_flag=True, help="Take it back instead.")
@with_appcontext
def grant_role(
    email: str, role: str, edition_id: int | None, delegation_id: int | None, revoke: bool
) -> None:
    """Ask somebody to look after something, or take it back."""
    if edition_id is not None and delegation_id is not None:
        raise click.UsageError("A role holds in one edition or in one delegation.")
    with transaction():
        held = grants.grant(
            person(email), RoleName(role), by=BY, edition_id=edition_id, delegation_id=delegation_id
        )
        if revoke:
            grants.revoke(held, by=BY)
    click.echo(f"{email}: {role} {'taken back' if revoke else 'granted'}.")


def _wire(user: User) -> dict[str, Any]:
    held = [grant for grant in user.grants if grant.revoked_at is None]
    return {
        "email": user.email,
        "name": user.name,
        "locale": user.locale,
        "active": user.active,
        "second_factor": user.tf_primary_method is not None,
        "roles": [_role(grant) for grant in held],
    }


def _role(grant: Grant) -> dict[str, Any]:
    return {"role": grant.role.value, "scope": grant.scope_kind.value, "id": grant.scope_id}


def _place(role: dict[str, Any]) -> str:
    return "" if role["scope"] == ScopeKind.EVERYWHERE.value else f" ({role['scope']} {role['id']})"


@click.group("tokens")
def api_tokens() -> None:
    """Keys of machines that use /api/v1."""


@api_tokens.command("add")
@click.argument("name")
@click.option("--user", "email", required=True, help="The key sees and does no more than this person.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(tokens.SCOPES))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def add_token(name: str, email: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a key and print it. It is never shown again."""
    with transaction():
        token, text = tokens.issue_token(name, person(email), scopes, by=BY)
        db.session.flush()
        shown = _shown(token)
    click.echo(json.dumps({**shown, "token": text}, indent=2) if as_json else text)


@api_tokens.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_tokens(as_json: bool) -> None:
    """Show the keys, live and taken back."""
    found = [_shown(token) for token in db.session.scalars(select(ApiToken).order_by(ApiToken.id))]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for one in found:
        state = "taken back" if one["revoked_at"] else " ".join(one["scopes"])
        click.echo(f"{one['id']:>4}  {one['name']:<24} {one['user']:<32} {state}")


@api_tokens.command("revoke")
@click.argument("token_id", type=int)
@with_appcontext
def revoke_token(token_id: int) -> None:
    """Take a key back: its next request is refused."""
    with transaction():
        token = db.session.get(ApiToken, token_id)
        if token is None:
            raise click.ClickException(f"There is no key {token_id}.")
        tokens.revoke_token(token, by=BY)
    click.echo(f"{token.name}: taken back.")


def _shown(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "user": token.user.email,
        "scopes": token.scopes.split(),
        "created_at": token.created_at.isoformat(),
        "revoked_at": token.revoked_at and token.revoked_at.isoformat(),
    }


@click.command("init")
@click.option("--email", prompt="E-mail address of the first administrator")
@click.option("--name", prompt="Their name")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.option("--locale", type=click.Choice(LOCALES), default=DEFAULT_LOCALE, show_default=True)
@with_appcontext
def first_administrator(email: str, name: str, password: str, locale: str) -> None:
    """Create the tables and the first administrator."""
    from flask_migrate import upgrade

    upgrade()
    with transaction():
        if db.session.scalar(select(Grant.id).where(Grant.role == RoleName.ADMINISTRATOR).limit(1)):
            raise click.ClickException("There is an administrator already: see `teranga users list`.")
        user = create_user(CreateUser(email=email, name=name, locale=locale, password=password), by=BY)
        grants.grant(user, RoleName.ADMINISTRATOR, by=BY)
    click.echo(f"{user.email} is the administrator. Start with: teranga serve")
