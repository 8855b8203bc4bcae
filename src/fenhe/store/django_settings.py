"""Django's settings, derived from `fenhe.store.config`; nothing is configured here by hand."""

from __future__ import annotations

from fenhe.store.config import settings

_settings = settings()
_settings.data_dir.mkdir(parents=True, exist_ok=True)

SECRET_KEY = _settings.secret_key()
DEBUG = False
ALLOWED_HOSTS = ["*"]  # the server binds to `host`; a proxy decides which names reach it
CSRF_TRUSTED_ORIGINS = [_settings.public_url] if _settings.public_url else []
ROOT_URLCONF = "fenhe.app.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "fenhe.store",
    "fenhe.access",
    "fenhe.evidence",
    "fenhe.registry",
    "fenhe.ingest",
    "fenhe.observe",
    "fenhe.assess",
    "fenhe.alert",
    "fenhe.act",
    "fenhe.publish",
    "fenhe.app",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "fenhe.app.headers.Headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fenhe.app.api.refusals.Edge",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "fenhe.app.sessions.SignedIn",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "fenhe.app.middleware.EveryRequest",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "fenhe.app.context.everywhere",
            ],
            "builtins": ["fenhe.app.templatetags.fenhe"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.app_directories.Loader",
                        "fenhe.app.template_loader.Domains",
                    ],
                )
            ],
        },
    }
]
DATABASES = {"default": _settings.database()}
AUTH_USER_MODEL = "access.Person"
LOGIN_URL = "/sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "fenhe.access.passwords.OwnWords"},
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = _settings.session_hours * 3600  # from the sign-in on (access.visits)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _settings.is_https
SESSION_COOKIE_NAME = _settings.cookie_name("sessionid")
CSRF_COOKIE_NAME = _settings.cookie_name("csrftoken")
CSRF_COOKIE_HTTPONLY = True  # pages carry the token in their forms
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # a link in a mail finds people signed in
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False  # the platform's own two-language text (app/text, domains/*/text) is the one way
STATIC_URL = "/static/"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"-[A-Z0-9]{8}\.(js|css)$"  # names that web/build.mjs hashed
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None  # app.logs configures structlog and the standard library together
