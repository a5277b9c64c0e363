"""Every address: pages of the apps, the API, sign-in, health."""

from __future__ import annotations

from django.urls import include, path

from t2d import views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz/", views.healthz, name="healthz"),
    path("language/", views.set_language, name="set_language"),
    path("account/", include("allauth.account.urls")),
    path("api/", include("t2d.api")),
    path("", include("accounts.urls")),
    path("", include("initiatives.urls")),
    path("", include("coordination.urls")),
]
