"""Answers that HTTP has a number for and the REST framework has no exception for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException


class Conflicting(APIException):
    """The request contradicts what is stored now."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"
    default_detail = _("This contradicts what is stored. Read it again.")


class LostUpdate(APIException):
    """If-Match names a version that is no more."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "stale"
    default_detail = _("Somebody else has changed this since you read it.")


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("The body is too large.")


class KeyReused(APIException):
    """One Idempotency-Key for two different requests."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = _("This Idempotency-Key was used for another request.")


class Unavailable(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = _("Not possible just now. Try again in a moment.")
