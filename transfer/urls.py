"""Pages of outcomes and transfers."""

from __future__ import annotations

from django.urls import path

from transfer.views import keeping, outcomes, overview, recording

app_name = "transfer"
urlpatterns = [
    path("initiatives/<uuid:pk>/outcomes/", outcomes.outcomes, name="outcomes"),
    path("outcomes/new/", recording.new, name="new_outcome"),
    path("outcomes/<uuid:pk>/", outcomes.outcome, name="outcome"),
    path("outcomes/<uuid:pk>/edit/", recording.edit, name="edit_outcome"),
    path("outcomes/<uuid:pk>/history/", keeping.history, name="outcome_history"),
    path("outcomes/<uuid:pk>/history/<uuid:revision>/", keeping.revision, name="outcome_revision"),
    path("outcomes/<uuid:pk>/delete/", keeping.delete, name="delete_outcome"),
    path("outcomes/<uuid:pk>/restore/", keeping.restore, name="restore_outcome"),
    path("transfer/", overview.overview, name="overview"),
]
