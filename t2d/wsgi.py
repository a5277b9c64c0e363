"""What the web server calls."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from confidentiality.roles import meet_the_database
from t2d.charset import only_utf8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "t2d.settings")

application = only_utf8(get_wsgi_application())
meet_the_database()
