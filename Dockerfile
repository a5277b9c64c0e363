# One image for web, worker, beat, key service and migrations; docker-compose.yml says which is which.
FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements/runtime.txt
COPY . .
ENV T2D_STATIC=/app/collected
# Collecting reads no database; the addresses only have to be there.
RUN T2D_MODE=embedded T2D_SECRET_KEY=unused DATABASE_URL=postgresql:///unused CELERY_BROKER_URL=redis://unused \
    CACHE_URL=redis://unused DJANGO_SETTINGS_MODULE=t2d.settings \
    python manage.py collectstatic --noinput --ignore redoc
# Two users: the application, and the key service, whose key file the application cannot read. A new volume takes
# over owner and mode of the folder it is mounted on.
RUN python -m compileall -q . && groupadd --gid 10001 desk && groupadd --gid 10002 keys \
    && useradd --uid 10001 --gid desk --home-dir /data --create-home desk \
    && useradd --uid 10002 --gid keys --no-create-home keys \
    && install -d -m 700 -o keys -g keys /keys && install -d -m 750 -o keys -g desk /run/t2d \
    && install -d -m 700 -o desk -g desk /keystore
USER desk
ENV DJANGO_SETTINGS_MODULE=t2d.settings T2D_DATA=/data
EXPOSE 8000
CMD ["gunicorn", "t2d.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "8", "--no-control-socket"]
