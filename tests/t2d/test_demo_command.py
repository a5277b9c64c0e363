"""Loading the demonstration: once, and never beside accounts of the site's own."""

from __future__ import annotations

import io

from django.core.management import call_command

from accounts.models import User
from confidentiality.actor import actor
from coordination.models import OverlapFlag
from initiatives.models import Initiative
from t2d.demo import DOMAIN, PASSWORD
from tests import factories as make


def test_the_command_loads_once_and_prints_the_accounts(db: None) -> None:
    first, second = io.StringIO(), io.StringIO()
    call_command("load_demo", stdout=first)
    before = Initiative.objects.count(), OverlapFlag.objects.count(), User.objects.count()
    call_command("load_demo", stdout=second)
    assert (Initiative.objects.count(), OverlapFlag.objects.count(), User.objects.count()) == before
    assert first.getvalue() == second.getvalue()
    assert PASSWORD in first.getvalue()
    assert f"rival@{DOMAIN}" in first.getvalue()
    assert "researcher" not in first.getvalue()


def test_a_site_with_accounts_of_its_own_gets_no_known_password(db: None) -> None:
    with actor("system:setup"):
        make.make_user("Ada")
    out = io.StringIO()
    call_command("load_demo", stdout=out)
    assert "not loaded" in out.getvalue()
    assert User.objects.count() == 1
