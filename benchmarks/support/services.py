"""Private, empty data services with a migrated database, for the measurements that need one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from t2d.embedded import data, folder, keys, serve


@contextmanager
def migrated_services() -> Iterator[Path]:
    """Starts them, migrates, sets Django up with the worker's login; durable, as in production."""
    with tempfile.TemporaryDirectory(prefix="t2d-bench-") as name:
        path = Path(name).resolve()
        with folder.claim(path, "run"), data.services(path, everything=True) as running:
            environment = serve.common_environment(path) | running.environment | {"T2D_DATA": name}
            os.environ.update(serve.for_site(environment))
            os.environ.update(keys.private(path))
            os.environ["DJANGO_SETTINGS_MODULE"] = "t2d.settings"
            manage = [sys.executable, str(folder.PROJECT / "manage.py"), "migrate", "--noinput", "-v0"]
            subprocess.run(manage, check=True)
            import django

            django.setup()
            yield path
