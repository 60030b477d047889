"""The one family of errors that reach people: a code, an HTTP status and a sentence in their language."""

from typing import Any, ClassVar

from shared.i18n import LazyString, _l, told


class DomainError(Exception):
    """A rule of the domain said no. Subclasses fix `code`, `status` and the sentence.

    `field` names the form field the sentence belongs to, if one does; keyword arguments fill the
    sentence's placeholders and are kept in `details` for the API.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: ClassVar[LazyString | str] = _l("This is not possible.")

    def __init__(self, *, field: str | None = None, **details: Any) -> None:
        self.field = field
        self.details = details
        super().__init__(self.code)

    def sentence(self) -> str:
        """The message in the reader's language, its amounts and days written as there."""
        if not self.details:
            return str(self.message)
        return str(self.message) % {name: told(value) for name, value in self.details.items()}

    def __str__(self) -> str:
        return self.sentence()


class NotFound(DomainError):
    """No such object, or one that is not this person's to see: the answer is the same."""

    code = "not_found"
    status = 404
    message = _l("There is nothing here, or it is not yours to see.")


class Forbidden(DomainError):
    """Known, visible, but not allowed to this person."""

    code = "forbidden"
    status = 403
    message = _l("Your role does not allow this.")


class Conflict(DomainError):
    """Somebody else was faster, or the object is not in a state that allows this."""

    code = "conflict"
    message = _l("This changed meanwhile. Have a look at its present state.")
