"""What an organiser does from the cost of a seat to the open desk, step by step, on a gathering’s page."""

from access.policy import Permission
from events.manage_views import Step
from shared.i18n import _l

TOWARDS_PEOPLE = (
    Step(
        _l("At a glance"),
        _l("Fifteen answers: who comes, what has to be ready, money."),
        "/manage/events/CODE/answers",
        Permission.REGISTRATION_READ,
    ),
    Step(
        _l("What one seat costs"),
        _l("The lines of the budget decide what each delegation needs."),
        "/delegations/costs/CODE",
        Permission.DELEGATION_READ,
    ),
    Step(
        _l("What funders pay"),
        _l("Matches and grants, what they may pay and up to how much."),
        "/delegations/funders/CODE",
        Permission.DELEGATION_READ,
    ),
    Step(
        _l("Ask the network"),
        _l("Who is interested, who would host, who stays silent, and the next thing to do for each."),
        "/delegations/interest/CODE",
        Permission.NETWORK_READ,
    ),
    Step(
        _l("Invite a delegation"),
        _l("Its head asks for seats; you allocate what you can."),
        "/delegations/invite?edition=CODE",
        Permission.DELEGATION_CREATE,
    ),
    Step(
        _l("Set quotas"),
        _l("At most so many seats for a delegation, a region, a sector or an organisation."),
        "/delegations/quotas/CODE",
        Permission.DELEGATION_ALLOCATE,
    ),
    Step(
        _l("Say how delegations are made up"),
        _l("Components, women, young people, South and North: rules that warn or bind."),
        "/delegations/composition/CODE",
        Permission.DELEGATION_ALLOCATE,
    ),
    Step(
        _l("When dates or place change"),
        _l("Ask every confirmed delegation again; seats, names and money stay."),
        "/delegations/reset/CODE",
        Permission.DELEGATION_ALLOCATE,
    ),
    Step(
        _l("Say what accreditation asks"),
        _l("A nomination letter or not; which corrections are looked at again."),
        "/delegations/rules/CODE",
        Permission.NOMINATION_ACCREDIT,
    ),
    Step(
        _l("Accredit people"),
        _l("Those named for a seat who completed their record."),
        "/delegations/accreditation",
        Permission.NOMINATION_ACCREDIT,
    ),
    Step(
        _l("Follow the visas"),
        _l("Who asked, whose letter is due, whose visa was refused and needs somebody else."),
        "/delegations/visas/CODE",
        Permission.NOMINATION_ACCREDIT,
    ),
    Step(
        _l("Arrivals and rooms"),
        _l("Who comes on which day, how many beds a night takes, and who has none yet."),
        "/delegations/arrivals/CODE",
        Permission.NOMINATION_ACCREDIT,
    ),
    Step(
        _l("Print the badges"),
        _l("Four to a sheet, with the code that is scanned at the door."),
        "/manage/events/CODE/badges",
        Permission.BADGE_ISSUE,
    ),
    Step(
        _l("Open the welcome desk"),
        _l("Scan, type a code, ask who has arrived."),
        "/check-in/CODE",
        Permission.CHECKIN_SCAN,
    ),
)
"""``CODE`` stands for the gathering."""
