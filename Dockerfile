# Offhook with its own build of PJSIP: docs/engine.md tells what that is for.
#
#   docker build --build-arg CALLS=512 --tag offhook:0.1.0 .

FROM python:3.11-slim-bookworm AS build
WORKDIR /offhook
COPY scripts scripts
RUN scripts/apt build-essential swig libssl-dev uuid-dev libsrtp2-dev libgsm1-dev libspeex-dev libspeexdsp-dev \
    libsamplerate0-dev libopus-dev
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
COPY migrations migrations
COPY examples examples
RUN scripts/setup run && .venv/bin/python -m pip install --constraint constraints.txt --editable '.[postgres]'
ARG CALLS=512
RUN OFFHOOK_ENGINE_CACHE=/var/cache/offhook-engine OFFHOOK_ENGINE_CALLS=$CALLS scripts/engine

FROM python:3.11-slim-bookworm
WORKDIR /offhook
COPY scripts/apt scripts/apt
RUN scripts/apt kamailio kamailio-tls-modules libgsm1 libopus0 libsamplerate0 libspeex1 libsrtp2-1 libssl3 libuuid1 libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --home-dir /data --create-home offhook
COPY --from=build /offhook /offhook
ENV PATH=/offhook/.venv/bin:$PATH OFFHOOK_DATA_DIR=/data
USER offhook
VOLUME /data
EXPOSE 8080/tcp 5060/udp
CMD ["offhook", "serve"]
