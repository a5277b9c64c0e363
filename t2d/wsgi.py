"""What the web server calls."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from confidentiality.roles import meet_the_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "t2d.settings")

application = get_wsgi_application()
meet_the_database()
