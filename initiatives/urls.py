"""Pages of conflicts and initiatives."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "initiatives"
urlpatterns: list[URLPattern] = []
