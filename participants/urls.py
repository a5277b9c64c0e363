"""Pages of people, official bodies and the ties between them."""

from __future__ import annotations

from django.urls import path

from participants.views import bodies, identity, inside, liaisons, links, network, people, presence, tables

app_name = "participants"
urlpatterns = [
    path("bodies/", bodies.bodies, name="bodies"),
    path("bodies/new/", bodies.new, name="new_body"),
    path("bodies/<uuid:pk>/", bodies.body, name="body"),
    path("bodies/<uuid:pk>/edit/", bodies.edit, name="edit_body"),
    path("liaisons/", liaisons.liaisons, name="liaisons"),
    path("liaisons/<uuid:pk>/end/", liaisons.end, name="end_liaison"),
    path("network/", network.drawn, name="network"),
    path("official-links/new/", links.new, name="new_link"),
    path("official-links/<uuid:pk>/edit/", links.edit, name="edit_link"),
    path("official-links/<uuid:pk>/history/", links.history, name="link_history"),
    path("official-links/<uuid:pk>/history/<uuid:revision>/", links.version, name="link_version"),
    path("official-links/<uuid:pk>/confirm/", links.confirm, name="confirm_link"),
    path("official-links/<uuid:pk>/end/", links.end, name="end_link"),
    path("initiatives/<uuid:pk>/people/import/", tables.people, name="import_people"),
    path("people/", people.people, name="people"),
    path("people/new/", people.add, name="add"),
    path("people/<uuid:pk>/", people.person, name="person"),
    path("people/<uuid:pk>/edit/", people.edit, name="edit"),
    path("people/<uuid:pk>/identity/", identity.opened, name="identity"),
    path("people/<uuid:pk>/identity/write/", identity.write, name="write_identity"),
    path("people/<uuid:pk>/erase/", identity.erase, name="erase"),
    path("initiatives/<uuid:pk>/people/", inside.people, name="initiative_people"),
    path("initiatives/<uuid:pk>/people/invite/", inside.invite, name="invite"),
    path("participations/<uuid:pk>/edit/", inside.edit, name="participation"),
    path("participations/<uuid:pk>/ratings/", inside.ratings, name="ratings"),
    path("sessions/<uuid:pk>/attendance/", presence.attendance, name="attendance"),
]
