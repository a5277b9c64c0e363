"""Settings, all from the environment; nonsense raises at the start instead of surprising later.

T2D_MODE: production (default), embedded (loopback only, for evaluation and small offices), or test.
DATABASE_URL connects as the application's role, DATABASE_OWNER_URL as the owner (for the migrating process only).
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
MODE = os.environ.get("T2D_MODE", "production")
if MODE not in {"production", "embedded", "test"}:
    raise ImproperlyConfigured(f"T2D_MODE is {MODE!r}; expected production, embedded or test.")
PRODUCTION = MODE == "production"


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set.")
    return value


def _database(url: str) -> dict[str, Any]:
    """postgresql://ROLE:PASSWORD@HOST:PORT/NAME?host=/folder/of/a/socket as Django wants it."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgresql://; no other database is supported."
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", "") or unquote(parts.hostname or "")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": query,
    }


SECRET_KEY = _required("T2D_SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("T2D_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
if PRODUCTION and "T2D_HOSTS" not in os.environ:
    raise ImproperlyConfigured(
        "T2D_HOSTS is not set: name the hosts that this site answers to, comma-separated."
    )
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if PRODUCTION else []

INSTALLED_APPS = [
    "coordination",
    "transfer",
    "participants",
    "initiatives",
    "accounts",
    "confidentiality",
    "t2d",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
]

# The order matters: the actor stands last, after whoever says who is there, so that everything a view does
# happens in one transaction with its user set.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.UseMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "t2d.middleware.PrivateMiddleware",
    "confidentiality.middleware.ActorMiddleware",
    "t2d.confirming.ConfirmMiddleware",
    "t2d.middleware.SentOnlyMiddleware",
]

ROOT_URLCONF = "t2d.urls"
WSGI_APPLICATION = "t2d.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "t2d.context.desk",
            ],
            "builtins": ["initiatives.templatetags.desk"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        **_database(_required("DATABASE_URL")),
    }
}
DATABASE_OWNER: dict[str, Any] = {}
if owner_url := os.environ.get("DATABASE_OWNER_URL", ""):
    DATABASE_OWNER = {key: _database(owner_url)[key] for key in ("USER", "PASSWORD", "HOST", "PORT")}
if MODE == "test":
    # Tests log in as a role that may become any other. Between requests they are the owner, who sees everything;
    # whatever acts for somebody takes on that role, as everywhere (confidentiality/actor.py).
    DATABASES["default"]["OPTIONS"] |= {"assume_role": "t2d_owner", "options": "-c t2d.actor=system:owner"}
    DATABASES["default"]["ACTOR"] = "system:owner"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Who holds the keys (unix:/path of the key service's socket, or file:/path of a key file that each process reads),
# and the folder of the wrapped data keys. In production both are said outright: nothing may be made by accident.
_DATA = Path(os.environ.get("T2D_DATA") or BASE_DIR / "var")
KEY_SERVICE = os.environ.get("T2D_KEY_SERVICE") or f"file:{_DATA / 'keys' / 'keys.json'}"
KEY_STORE = Path(os.environ.get("T2D_KEY_STORE") or _DATA / "keystore")
if PRODUCTION:
    KEY_SERVICE, KEY_STORE = _required("T2D_KEY_SERVICE"), Path(_required("T2D_KEY_STORE"))
if not KEY_SERVICE.startswith(("unix:/", "file:/")) or not KEY_STORE.is_absolute():
    raise ImproperlyConfigured(
        "T2D_KEY_SERVICE is to be unix:/path/of/a/socket or file:/path/of/a/key/file, and T2D_KEY_STORE a full path."
    )

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _required("CACHE_URL")}
}

CELERY_BROKER_URL = _required("CELERY_BROKER_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
if MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.DeskAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = "strict"
# A link from a mail; whoever finds the mail later finds it dead.
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_FORMS = {"reset_password": "accounts.forms.ForgottenForm"}  # nosec B105 # the name of a form
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
# Who proved who they are so few seconds ago is not asked again before a delicate act.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "accounts.adapter.DeskMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "activate_totp": "accounts.forms.ActivateTOTP",
    "authenticate": "accounts.forms.CodeForm",
    "reauthenticate": "accounts.forms.CodeAgainForm",
}
MFA_TOTP_ISSUER = "Track Two Desk"
MFA_TOTP_TOLERANCE = 1
# Passkeys want HTTPS, but for a browser on the machine itself, which has to call it localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# Accounts of the demonstration sign in with an address and a password that everybody knows. Only where pages do not
# leave the machine; a server does not start with them (t2d/wsgi.py).
DEMO_DOMAIN = "demo.example"
DEMO_WITHOUT_SECOND_FACTOR = MODE == "embedded"
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
# Without a mail server letters wait for a steward, who hands them over.
SENDS_MAIL = MODE == "test"
if email_host := os.environ.get("T2D_EMAIL_HOST", ""):
    SENDS_MAIL = True
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = email_host
DEFAULT_FROM_EMAIL = os.environ.get("T2D_EMAIL_FROM", "desk@localhost")

SESSION_ENGINE = "accounts.sessions"
# A sign-in ends after so long without a use, and after so long in any case (accounts/sessions.py).
SESSION_IDLE, SESSION_WHOLE = timedelta(minutes=15), timedelta(hours=8)
SESSION_COOKIE_AGE = int(SESSION_WHOLE.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "t2d_session"
CSRF_COOKIE_NAME = "t2d_csrf"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "t2d.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": browsers then send forms with the origin "null", and every one would be refused as forged.
# Another site still learns nothing.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Sign-in is limited by address too: behind the TLS front, the visitor's is the last that it names.
    ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("T2D_PROXIES", "1"))
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("ar", "العربية")]
LANGUAGE_COOKIE_NAME = "t2d_language"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = os.environ.get("T2D_TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Collected under names that hold their hash, and compressed; tests and checks serve the sources as they stand.
STATIC_ROOT: Path | None = Path(os.environ.get("T2D_DATA", BASE_DIR / "var")) / "static"
if collected := os.environ.get("T2D_STATIC", ""):
    STATIC_ROOT = Path(collected)
STATIC_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
if MODE == "test":
    STATIC_ROOT, STATIC_STORAGE = None, "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_USE_FINDERS = MODE == "test"
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATIC_STORAGE},
}
# 50,000 rows of a register are about 20 MB; a larger upload is refused with a message.
IMPORT_LIMIT_BYTES = 30 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = IMPORT_LIMIT_BYTES
# Uploads stay in memory: no copy of a register is left on a disk.
FILE_UPLOAD_HANDLERS = ["t2d.uploads.InMemory"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "t2d.rest.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["t2d.rest.UserThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": os.environ.get("T2D_API_RATE", "600/min")},
    "EXCEPTION_HANDLER": "t2d.rest.problem",
    "PAGE_SIZE": 50,
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Track Two Desk",
    "DESCRIPTION": "Coordination of unofficial peace dialogues. Hidden and missing answer alike: 404.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "AssessmentEnum": "coordination.enums.Assessment",
        "BandEnum": "coordination.enums.Band",
        "ConfidenceEnum": "initiatives.enums.Confidence",
        "DeadlineKindEnum": "initiatives.enums.DeadlineKind",
        "DisplayEnum": "accounts.enums.Theme",
        "FlagStateEnum": "coordination.enums.FlagState",
        "InitiativeStatusEnum": "initiatives.enums.InitiativeStatus",
        "MembershipRoleEnum": "accounts.enums.MembershipRole",
        "OrganisationKindEnum": "accounts.enums.OrganisationKind",
        "OverlapKindEnum": "coordination.enums.OverlapKind",
        "ParticipationStatusEnum": "participants.enums.ParticipationStatus",
        "PartyKindEnum": "initiatives.enums.PartyKind",
        "PhaseEnum": "initiatives.enums.Phase",
        "PrecisionEnum": "initiatives.enums.Precision",
        "PurgeReasonEnum": "initiatives.enums.PurgeReason",
        "PurgeStateEnum": "initiatives.enums.PurgeState",
        "RoomRoleEnum": "participants.enums.RoomRole",
        "TeamRoleEnum": "confidentiality.codes.TeamRole",
        "ThemeEnum": "initiatives.enums.Theme",
    },
}

# Logs hold no word that anybody typed, not even in a traceback (logs.py). Django's own logger would mail whole
# requests to administrators, if there ever were any.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "discreet": {"()": "t2d.logs.Discreet", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "discreet"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "t2d": {"level": "INFO"},
        "coordination": {"level": "INFO"},
    },
}
