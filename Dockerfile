# rendermap as one small image.  The install is the Makefile's own, into /opt/rendermap.
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make web VENV=/tmp/node
# INSTALL=tools: also what the tools of styles/ need
ARG INSTALL
RUN make run workers $INSTALL VENV=/opt/rendermap/venv EDITABLE=
RUN mkdir -p /opt/rendermap/data/jobs /opt/rendermap/access && cp -r styles /opt/rendermap/styles

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /opt/rendermap --shell /usr/sbin/nologin rendermap \
    && install -d -o rendermap -m 0700 /var/cache/rendermap
COPY --from=build /opt/rendermap /opt/rendermap
ENV PATH=/opt/rendermap/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RENDERMAP_JOBS=/opt/rendermap/data/jobs \
    RENDERMAP_SERVICES=/opt/rendermap/styles \
    RENDERMAP_ACCESS=/opt/rendermap/access \
    RENDERMAP_HOST=0.0.0.0 \
    RENDERMAP_PORT=8080
USER rendermap
WORKDIR /opt/rendermap
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/live', timeout=3)"]
CMD ["rendermap", "serve"]
