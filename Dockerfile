# One image for the API, the worker and the simulator; the command chooses.
FROM python:3.13-slim-trixie AS packages
WORKDIR /build
RUN python -m venv /venv
COPY requirements.txt ./
# Wheels only: nothing is compiled here, and no package's own code runs.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --only-binary :all: --require-hashes -r requirements.txt

FROM python:3.13-slim-trixie
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    HOST=0.0.0.0 \
    RESULTS_DIR=/data/results \
    SPOOL_DIR=/data/logs/spool \
    LOG_FILE=/data/logs/server_logs.txt
WORKDIR /app
# A named volume takes its owner from here.
RUN install -d -o 10001 -g 10001 /data/results /data/logs
COPY --from=packages /venv /venv
COPY pyproject.toml README.md LICENSE ./
COPY examples examples
COPY shared shared
COPY simulator simulator
COPY cli cli
COPY worker worker
COPY api api
# The file system is read-only when it runs.
RUN python -m compileall -q .
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "api"]
