"""Pages of people, official bodies and the ties between them."""

from __future__ import annotations

from django.urls import path

from participants.views import bodies, links

app_name = "participants"
urlpatterns = [
    path("bodies/", bodies.bodies, name="bodies"),
    path("bodies/new/", bodies.new, name="new_body"),
    path("bodies/<uuid:pk>/", bodies.body, name="body"),
    path("bodies/<uuid:pk>/edit/", bodies.edit, name="edit_body"),
    path("official-links/new/", links.new, name="new_link"),
    path("official-links/<uuid:pk>/edit/", links.edit, name="edit_link"),
    path("official-links/<uuid:pk>/confirm/", links.confirm, name="confirm_link"),
    path("official-links/<uuid:pk>/end/", links.end, name="end_link"),
]
