"""Views that go wrong in every way a view can, beside all addresses of the site: the ROOT_URLCONF of some proofs.

Each reads the brief of an initiative first, so that there is something to be left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db import DataError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path

from confidentiality.actor import actor
from confidentiality.guard import NoActor
from initiatives.models import Brief, Initiative

LOST = "written by a view that failed"


@login_required
def strange(request: HttpRequest, pk: UUID, how: str) -> HttpResponse:
    brief = Brief.objects.visible_to(request.user).filter(initiative=pk).first()
    return HOW[how](request, pk, brief.title if brief else "nothing")


def plain(request: HttpRequest, pk: UUID, title: str) -> HttpResponse:
    return HttpResponse(title)


def raises(request: HttpRequest, pk: UUID, title: str) -> HttpResponse:
    Initiative.objects.filter(pk=pk).update(public_line=LOST)
    raise ValueError(f"no {title}")


def is_refused(request: HttpRequest, pk: UUID, title: str) -> HttpResponse:
    """By the database, whose message could repeat the row."""
    Initiative.objects.filter(pk=pk).update(public_line=LOST, title=title)
    return HttpResponse(title)


def swallows(request: HttpRequest, pk: UUID, title: str) -> HttpResponse:
    """An error of the database, and goes on as if the transaction still stood."""
    Initiative.objects.filter(pk=pk).update(public_line=LOST)
    try:
        _fail()
    except DataError:
        return HttpResponse(str(Initiative.objects.visible_to(request.user).count()))
    return HttpResponse(title)


def goes_back(request: HttpRequest, pk: UUID, title: str) -> HttpResponse:
    """To a savepoint, in which somebody else acted, and answers in good order."""
    try:
        with transaction.atomic(), actor(None):
            _fail()
    except DataError:
        seen = Brief.objects.visible_to(request.user).values_list("initiative_id", flat=True)
        return HttpResponse(f"{title} {len(seen)}")
    return HttpResponse("no error")


def _fail() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / CAST('nought' AS int)")


def streams(request: HttpRequest, pk: UUID, title: str) -> StreamingHttpResponse:
    """Acting anew: the body is read when the request's transaction is over."""
    reader = request.user

    def body() -> Iterator[str]:
        with actor(reader):
            for brief in Brief.objects.visible_to(reader).order_by("pk"):
                yield f"{brief.title}\n"

    return StreamingHttpResponse(body())


def streams_as_nobody(request: HttpRequest, pk: UUID, title: str) -> StreamingHttpResponse:
    reader = request.user

    def body() -> Iterator[str]:
        try:
            yield ",".join(brief.title for brief in Brief.objects.visible_to(reader))
        except NoActor:
            yield "nobody acts"

    return StreamingHttpResponse(body())


def commits(request: HttpRequest, pk: UUID, title: str) -> HttpResponse:
    """A callback on commit reads, in which nobody acts."""
    response = HttpResponse("nothing was read")

    def late() -> None:
        try:
            response.content = ",".join(brief.title for brief in Brief.objects.all())
        except NoActor:
            response.content = b"nobody acts"

    transaction.on_commit(late)
    return response


def stays(request: HttpRequest, pk: UUID, title: str) -> HttpResponse:
    """What must never be done, for whoever wants to see that it would be noticed: an actor for the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('t2d.actor', %s, false)", [str(request.user.pk)])
    return HttpResponse(title)


HOW: dict[str, Callable[..., Any]] = {
    "plain": plain,
    "raises": raises,
    "is-refused": is_refused,
    "swallows": swallows,
    "goes-back": goes_back,
    "streams": streams,
    "streams-as-nobody": streams_as_nobody,
    "commits": commits,
    "stays": stays,
}

urlpatterns = [path("strange/<uuid:pk>/<slug:how>/", strange), path("", include("t2d.urls"))]
