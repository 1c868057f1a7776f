# syntax=docker/dockerfile:1.7
# This file builds three images: `docker build .` for the CPU, `docker build --target cuda .` for NVIDIA GPUs (amd64 only), and
# `docker build --target trainer .`, which trains and has Python. All run as user 10001 with a read-only root file system. They write only to DATA_DIR (/data) and /tmp.

FROM node:24.21.0-bookworm-slim AS node
WORKDIR /app

FROM node AS build
COPY package.json package-lock.json .npmrc ./
COPY console/package.json console/
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json schema.graphql ./
COPY scripts/bundle.js scripts/
COPY src src
COPY console console
RUN npm run build && npm run build:console && find dist -name '*.tsbuildinfo' -delete

# .npmrc lets no library run a script at installation. onnxruntime-node's runs explicitly below, for CUDA.
FROM node AS libraries
COPY package.json package-lock.json .npmrc ./
COPY console/package.json console/
RUN npm ci --omit=dev --workspaces=false --no-audit --no-fund

FROM libraries AS libraries-cpu
COPY deploy/prune-libraries deploy/
RUN deploy/prune-libraries node_modules

# The npm package does not contain the CUDA provider. Its own script downloads the same version from NuGet.
FROM libraries AS libraries-cuda
RUN node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12 \
  && test -s node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so
COPY deploy/prune-libraries deploy/
RUN deploy/prune-libraries node_modules

FROM scratch AS app
COPY package.json LICENSE /app/
COPY models /app/models
COPY --from=build /app/dist /app/dist
COPY --from=build /app/console/dist /app/console/dist

# CUDA 12 with cuDNN 9: onnxruntime's "cuda12" provider is linked to them.
FROM nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04 AS cuda
ARG VERSION=1.0.0
LABEL org.opencontainers.image.title="DefectDiffu, CUDA" \
  org.opencontainers.image.description="Draws defective products together with their masks: a GraphQL inference service" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}"
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin defectdiffu \
  && install -d -o 10001 -g 10001 -m 700 /data
WORKDIR /app
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=libraries-cuda /app/node_modules /app/node_modules
# Finds missing libraries and wrong versions at build time. The host provides the driver's library. The list is a file, because
# a pipe would hide that ldd failed.
RUN node --version && ldd node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so > /tmp/needed \
  && ! grep 'not found' /tmp/needed | grep -v 'libcuda\.so\.1' \
  && rm /tmp/needed
COPY --from=app /app /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data DEVICES=cuda:0
USER 10001:10001
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["node", "dist/deploy/healthcheck.js", "/livez"]
ENTRYPOINT ["node"]
CMD ["dist/main.js"]

# The training package finds the schemas of its contract beside it, in /app/models, so it is not copied into the environment.
FROM node AS training
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
COPY training/pyproject.toml training/
COPY training/defectdiffu training/defectdiffu
RUN python3 -m venv training/.venv \
  && training/.venv/bin/pip install --no-cache-dir torch==2.13.0 \
  && training/.venv/bin/pip install --no-cache-dir --editable 'training[comparison]'

FROM node AS trainer
ARG VERSION=1.0.0
LABEL org.opencontainers.image.title="DefectDiffu, trainer" \
  org.opencontainers.image.description="Trains tenants' own models for the DefectDiffu service" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}"
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin defectdiffu \
  && install -d -o 10001 -g 10001 -m 700 /data
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
COPY --from=libraries-cpu /app/node_modules /app/node_modules
COPY --from=training /app/training /app/training
COPY --from=app /app /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data ROLE=trainer
USER 10001:10001
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["node", "dist/deploy/healthcheck.js", "/livez"]
ENTRYPOINT ["node"]
CMD ["dist/main.js"]

FROM node AS cpu
ARG VERSION=1.0.0
LABEL org.opencontainers.image.title="DefectDiffu" \
  org.opencontainers.image.description="Draws defective products together with their masks: a GraphQL inference service" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}"
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin defectdiffu \
  && install -d -o 10001 -g 10001 -m 700 /data
COPY --from=libraries-cpu /app/node_modules /app/node_modules
COPY --from=app /app /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data DEVICES=cpu
USER 10001:10001
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["node", "dist/deploy/healthcheck.js", "/livez"]
ENTRYPOINT ["node"]
CMD ["dist/main.js"]
