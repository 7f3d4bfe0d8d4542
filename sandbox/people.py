"""The company as the demo page lists it: who is whose manager, HRBP, and under which ids the platforms know them."""

from __future__ import annotations

from typing import Any

from sandbox.company import ROOT_DEPARTMENT, Company, Department, User


def people_of(company: Company) -> list[dict[str, Any]]:
    """Return everybody, managers before their staff, department by department.

    Returns:
        Dictionaries of `id`, `name`, `department` (path of names), `title`, `manager` and `hrbp` (ids or None), `role`
        (`admin` for the head of all, `hrbp`, `manager` or `employee`) and `ids` (platform name to external id).
    """
    tree = {department.department_id: department for department in company.departments}
    managers = {user.leader for user in company.users if user.leader}
    hrbps = {hrbp for department in company.departments for hrbp in department.hrbps}
    return [_entry(user, tree, managers, hrbps) for user in company.users]


def _entry(user: User, tree: dict[str, Department], managers: set[str], hrbps: set[str]) -> dict[str, Any]:
    chain = _chain(user.departments[0] if user.departments else ROOT_DEPARTMENT, tree)
    return {
        "id": user.user_id,
        "name": user.name,
        "department": "/".join(department.name for department in reversed(chain)),
        "title": user.job_title,
        "manager": user.leader,
        "hrbp": next((department.hrbps[0] for department in chain if department.hrbps), None),
        "role": _role(user, managers, hrbps),
        "ids": {"feishu": user.open_id, "wecom": user.user_id, "dingtalk": user.user_id},
    }


def _chain(department_id: str, tree: dict[str, Department]) -> list[Department]:
    """Return a department and those above it, nearest first."""
    chain: list[Department] = []
    while department_id in tree:
        chain.append(tree[department_id])
        department_id = tree[department_id].parent
    return chain


def _role(user: User, managers: set[str], hrbps: set[str]) -> str:
    if user.leader is None:
        return "admin"
    if user.user_id in hrbps:
        return "hrbp"
    return "manager" if user.user_id in managers else "employee"
