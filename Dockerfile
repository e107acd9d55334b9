# One image for the API, the worker and the simulator; the command chooses. `llmbench` is
# in it, and so is the Python package of that name.
#
# The base is named by its tag, which may move. To hold it still, give its digest:
#   docker buildx imagetools inspect python:3.13-slim-trixie
#   docker compose build --build-arg BASE=python:3.13-slim-trixie@sha256:...
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS packages
WORKDIR /build
RUN python -m venv /venv
COPY requirements.txt ./
# Wheels only: nothing is compiled here, and no package's own code runs.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --only-binary :all: --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY shared shared
COPY simulator simulator
COPY cli cli
COPY llmbench llmbench
COPY worker worker
COPY api api
# Ours, with the build tool that the lock has; nothing is fetched.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --no-index --no-deps --no-build-isolation .

FROM ${BASE}
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    HOST=0.0.0.0 \
    RESULTS_DIR=/data/results \
    SPOOL_DIR=/data/logs/spool \
    LOG_FILE=/data/logs/server_logs.txt
WORKDIR /app
# For whoever runs it (`docker run --user`): a named volume takes its mode from here.
RUN install -d -m 1777 /data/results /data/logs
COPY --from=packages /venv /venv
COPY examples examples
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "api"]
