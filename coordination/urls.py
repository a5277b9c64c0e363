"""Pages of coordination: the queue of overlaps, the comparison of a pair, and what is done about it."""

from __future__ import annotations

from django.urls import path

from coordination import views

app_name = "coordination"
urlpatterns = [
    path("overlaps/", views.overlaps, name="overlaps"),
    path("overlaps/dismiss/", views.dismiss_many, name="dismiss_many"),
    path("overlaps/<uuid:pk>/", views.overlap, name="overlap"),
    path("overlaps/<uuid:pk>/assess/", views.assess, name="assess"),
    path("overlaps/<uuid:pk>/dismiss/", views.dismiss, name="dismiss"),
    path("overlaps/<uuid:pk>/reopen/", views.reopen, name="reopen"),
    path("overlaps/<uuid:pk>/link/", views.link, name="link"),
    path("links/<uuid:pk>/end/", views.end_link, name="end_link"),
]
