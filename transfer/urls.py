"""Pages of outcomes, transfers and what a liaison receives."""

from __future__ import annotations

from django.urls import path

from transfer.views import (
    keeping,
    outcomes,
    overview,
    received,
    recording,
    transfer_acts,
    transfer_forms,
    transfers,
)

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
    path("initiatives/<uuid:pk>/transfers/", transfers.transfers, name="transfers"),
    path("transfers/new/", transfer_forms.new, name="new_transfer"),
    path("transfers/<uuid:pk>/", transfers.transfer, name="transfer"),
    path("transfers/<uuid:pk>/edit/", transfer_forms.edit, name="edit_transfer"),
    path("transfers/<uuid:pk>/history/", transfers.history, name="transfer_history"),
    path("transfers/<uuid:pk>/history/<uuid:revision>/", transfers.revision, name="transfer_revision"),
    path("transfers/<uuid:pk>/steps/", transfer_acts.add_step, name="add_step"),
    path("transfers/<uuid:pk>/done/", transfer_acts.carry_out, name="carry_out"),
    path("transfers/<uuid:pk>/abandon/", transfer_acts.abandon, name="abandon_transfer"),
    path("transfers/<uuid:pk>/delete/", transfer_acts.delete, name="delete_transfer"),
    path("transfers/<uuid:pk>/restore/", transfer_acts.restore, name="restore_transfer"),
    path("received/", received.received, name="received"),
    path("received/<uuid:pk>/", received.message, name="received_transfer"),
    path("received/<uuid:pk>/acknowledge/", received.acknowledge, name="acknowledge"),
]
