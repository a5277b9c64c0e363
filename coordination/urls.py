"""Pages of coordination: the queue of overlaps, the comparison of a pair, and what is done about it."""

from __future__ import annotations

from django.urls import path

from coordination.views import comparison, queue

app_name = "coordination"
urlpatterns = [
    path("overlaps/", queue.overlaps, name="overlaps"),
    path("overlaps/dismiss/", queue.dismiss_many, name="dismiss_many"),
    path("overlaps/<uuid:pk>/", comparison.overlap, name="overlap"),
    path("overlaps/<uuid:pk>/assess/", comparison.assess, name="assess"),
    path("overlaps/<uuid:pk>/dismiss/", comparison.dismiss, name="dismiss"),
    path("overlaps/<uuid:pk>/reopen/", comparison.reopen, name="reopen"),
    path("overlaps/<uuid:pk>/link/", comparison.link, name="link"),
    path("links/<uuid:pk>/end/", comparison.end_link, name="end_link"),
]
