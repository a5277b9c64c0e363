"""The search: what one may read, and where in it the words stand.

The words are sent in the body: they may be those of a secret title, and an address stays in the history of the
browser and in the logs of whatever stands in between.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from initiatives import services
from initiatives.forms import FindForm
from initiatives.models import Initiative

SHOWN = 50
WHERE = {
    "brief.title": _("in the title"),
    "brief.objective": _("in the objective"),
    "codename": _("in the codename"),
    "public_line": _("in the public line"),
    "title": _("in the published title"),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Titles and objectives of one's own teams, and the cards one may see."""
    text = FindForm(request.POST).words()
    hits = services.find(by=request.user, text=text, limit=SHOWN + 1)
    own = set(Initiative.objects.of_team(request.user).values_list("pk", flat=True)) if hits else set()
    context = {
        "q": text,
        "hits": [(hit.initiative, [WHERE[place] for place in hit.places]) for hit in hits[:SHOWN]],
        "more": len(hits) > SHOWN,
        "own": own,
    }
    return render(request, "initiatives/search.html", context)
