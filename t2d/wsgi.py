"""What the web server calls."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from confidentiality.roles import meet_the_database
from confidentiality.vault import meet_the_keys
from t2d.charset import only_utf8
from t2d.collection import settle
from t2d.fictional import refuse_fictional_accounts
from t2d.frames import with_room
from t2d.logs import make_discreet

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "t2d.settings")

make_discreet("gunicorn.error", "gunicorn.access")
application = with_room(only_utf8(get_wsgi_application()))
meet_the_database()
refuse_fictional_accounts()
meet_the_keys()
settle()
