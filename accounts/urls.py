"""Pages of accounts; sign-in and passwords are allauth's, under account/ too."""

from __future__ import annotations

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("organisations/", views.organisations, name="organisations"),
    path("organisations/<uuid:pk>/vet/", views.vet, name="vet"),
    path("account/", views.account, name="account"),
    path("account/end-everything/", views.end_everything, name="end_everything"),
    path("account/sign-ins/end/", views.end_sign_in, name="end_sign_in"),
    path("account/tokens/", views.create_token, name="create_token"),
    path("account/tokens/<uuid:pk>/revoke/", views.revoke_token, name="revoke_token"),
]
