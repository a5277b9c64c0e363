"""What a browser keeps of a visit, whatever it is told about caching: the addresses and the titles of pages.

Somebody who takes a laptop reads both. So neither holds a word of content, nor the name of a member of a team.
Not shown here: words that the user typed into a search field, which are in the address of the answer.
"""

from __future__ import annotations

import re

import pytest
from django.test import Client

from conftest import World
from tests.security.conftest import Secrets
from tests.security.routes import every_route

TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
WORD = "Canarytitle"


@pytest.mark.django_db
def test_titles_of_pages_hold_no_content(world: World, secrets: Secrets, client: Client) -> None:
    brief = world.secret.brief
    brief.title = brief.objective = WORD
    brief.save()
    client.force_login(world.alice)
    shown, found = 0, []
    for route in every_route():
        values = {name: secrets.ids().get(kind, "none") for name, kind in route.kinds().items()}
        if "logout" in route.pattern or "none" in values.values():
            continue
        response = client.get(route.path(values))
        if response.status_code != 200 or not response["Content-Type"].startswith("text/html"):
            continue
        page = response.content.decode()
        shown += WORD in page
        title = TITLE.search(page)
        assert title, route.pattern
        found += [route.pattern for word in (WORD, world.bob.name) if word in title[1]]

    assert (found, shown > 3) == ([], True)
