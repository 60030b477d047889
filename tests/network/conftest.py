"""Dakar 2005, for who registers there."""

from tests.delegations.conftest import dakar

__all__ = ["dakar"]
