"""Pages of conflicts and initiatives."""

from __future__ import annotations

from django.urls import path

from initiatives.views import cards, conflicts, importing, opening, team, visibility

app_name = "initiatives"
urlpatterns = [
    path("conflicts/", conflicts.conflicts, name="conflicts"),
    path("conflicts/<uuid:pk>/", conflicts.conflict, name="conflict"),
    path("conflicts/<uuid:pk>/circle/", conflicts.declare, name="declare"),
    path("circle/<uuid:pk>/confirm/", conflicts.confirm, name="confirm"),
    path("circle/<uuid:pk>/withdraw/", conflicts.withdraw, name="withdraw"),
    path("initiatives/", cards.initiatives, name="initiatives"),
    path("initiatives/new/", opening.open_initiative, name="open"),
    path("initiatives/<uuid:pk>/", cards.initiative, name="initiative"),
    path("initiatives/<uuid:pk>/edit/", cards.edit, name="edit"),
    path("initiatives/<uuid:pk>/status/", cards.status, name="status"),
    path("initiatives/<uuid:pk>/visibility/", visibility.visibility, name="visibility"),
    path("initiatives/<uuid:pk>/team/", team.team, name="team"),
    path("initiatives/<uuid:pk>/team/<uuid:member>/", team.member, name="member"),
    path("initiatives/<uuid:pk>/successor/", team.successor, name="successor"),
    path("initiatives/<uuid:pk>/who/", cards.who, name="who"),
    path("import/", importing.import_register, name="import"),
]
