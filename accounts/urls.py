"""Pages of accounts; sign-in and passwords are allauth's, under account/ too."""

from __future__ import annotations

from django.urls import path

from accounts.views import account, links, organisations, stewards

app_name = "accounts"
urlpatterns = [
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/<uuid:pk>/", organisations.organisation, name="organisation"),
    path("organisations/<uuid:pk>/vet/", organisations.vet, name="vet"),
    path("organisations/<uuid:pk>/emergency/", organisations.emergency, name="emergency"),
    path("once/<slug:plain>/", links.link, name="link"),
    path("letters/", stewards.letters, name="letters"),
    path("accounts/recover/", stewards.recover, name="recover"),
    path("account/", account.account, name="account"),
    path("account/address/", account.change_address, name="change_address"),
    path("account/end-everything/", account.end_everything, name="end_everything"),
    path("account/sign-ins/end/", account.end_sign_in, name="end_sign_in"),
    path("account/tokens/", account.create_token, name="create_token"),
    path("account/tokens/<uuid:pk>/revoke/", account.revoke_token, name="revoke_token"),
]
