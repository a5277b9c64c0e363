"""Every address: pages of the apps, the API, sign-in, health."""

from __future__ import annotations

from allauth.account.urls import urlpatterns as allauth_urlpatterns
from django.urls import include, path

from t2d import views

# Of allauth's pages those that this site uses. Addresses are changed by stewards, and nobody signs up.
KEPT = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
sign_in = [pattern for pattern in allauth_urlpatterns if pattern.name in KEPT]

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz/", views.healthz, name="healthz"),
    path("what-could-be-read/", views.what_could_be_read, name="what_could_be_read"),
    path("language/", views.set_language, name="set_language"),
    path("account/", include(sign_in)),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("api/", include("t2d.api")),
    path("", include("accounts.urls")),
    path("", include("initiatives.urls")),
    path("", include("participants.urls")),
    path("", include("transfer.urls")),
    path("", include("coordination.urls")),
]
