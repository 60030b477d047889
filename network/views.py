"""The directory's pages: who is in the network, how they are tied, what they did together."""

from typing import Any

from flask import Blueprint, render_template, request

from access.asking import person
from access.policy import Permission, reach
from network import queries, survey
from network.models import Component
from network.wording import COMPONENTS, FACTS, RELATIONS, SECTORS, source_of
from shared.web import page_number, requires

blueprint = Blueprint("network", __name__, url_prefix="/network")


@blueprint.get("")
@requires(Permission.NETWORK_READ)
def directory() -> Any:
    """The bodies of the network, and the balance of its components."""
    component = request.args.get("component", "")
    wanted = queries.DirectoryFilter(
        text=request.args.get("q", "").strip()[:100],
        component=Component(component) if component in set(Component) else None,
        region=request.args.get("region", ""),
        hosts=request.args.get("hosts") == "1",
    )
    page = queries.directory(wanted, page_number())
    surveys = [survey.report(one) for one in queries.actions() if one.kind == survey.KIND]
    return render_template(
        "network/directory.html",
        page=page,
        wanted=wanted,
        regions=queries.regions(),
        components=COMPONENTS,
        sectors=SECTORS,
        balance=queries.balance(),
        surveys=surveys,
        may_merge=reach(person(), Permission.NETWORK_EDIT).everywhere,
    )


@blueprint.get("/<int:organisation_id>")
@requires(Permission.NETWORK_READ)
def organisation(organisation_id: int) -> Any:
    """One body: its other names, its ties, where each fact is from."""
    found = queries.organisation(organisation_id)
    return render_template(
        "network/organisation.html",
        organisation=found,
        ties=queries.ties(found),
        components=COMPONENTS,
        sectors=SECTORS,
        relations=RELATIONS,
        source_of=source_of,
    )


@blueprint.get("/actions")
@requires(Permission.NETWORK_READ)
def actions() -> Any:
    """The registry of actions: what was planned, what came of it."""
    found = [one for one in queries.actions() if one.kind != survey.KIND]
    return render_template("network/actions.html", actions=found, fact_labels=FACTS, source_of=source_of)
