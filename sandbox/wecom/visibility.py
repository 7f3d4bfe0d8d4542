"""The visible range (可见范围): which people and departments an app sees and can write to."""

from __future__ import annotations

from sandbox.company import ROOT_DEPARTMENT, User, UserStatus
from sandbox.wecom.directory import Directory
from sandbox.wecom.settings import CONTACT_SYNC, FakeWeComApp

_ABSENT = (UserStatus.RESIGNED, UserStatus.FROZEN)


def visible_departments(directory: Directory, app: FakeWeComApp) -> list[str]:
    """Ids of the departments in an app's range, each with all below it, in the company's order, the root first."""
    everything = [ROOT_DEPARTMENT, *(department.department_id for department in directory.departments())]
    inside = {each for top in app.visible_departments for each in directory.with_below(top)}
    return [each for each in everything if each in inside or app.agent_id == CONTACT_SYNC]


def is_visible(directory: Directory, app: FakeWeComApp, user: User) -> bool:
    """Whether a person who has not left is in an app's range."""
    if user.status is UserStatus.RESIGNED:
        return False
    if user.user_id in app.visible_users or (user.departments and ROOT_DEPARTMENT in app.visible_departments):
        return True
    return bool(set(user.departments) & set(visible_departments(directory, app)))


def visible_users(directory: Directory, app: FakeWeComApp) -> list[User]:
    """Everybody in an app's range, in the company's order."""
    return [user for user in directory.users() if is_visible(directory, app, user)]


def is_reachable(directory: Directory, app: FakeWeComApp, user: User) -> bool:
    """Whether an app's messages come to a person: in its range, and not disabled."""
    return user.status not in _ABSENT and is_visible(directory, app, user)
