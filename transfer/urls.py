"""Pages of outcomes and transfers."""

from __future__ import annotations

from django.urls import path

from transfer.views import overview

app_name = "transfer"
urlpatterns = [
    path("transfer/", overview.overview, name="overview"),
]
