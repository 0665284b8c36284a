"""The roles."""

from bedside.access.role import Role


def test_each_role_is_more_than_the_one_below() -> None:
    """Viewer, operator and admin compare in this order, and are called so."""
    assert Role.VIEWER < Role.OPERATOR < Role.ADMIN
    assert [role.word for role in sorted(Role)] == ["viewer", "operator", "admin"]
