FROM python:3.11-slim-bookworm

WORKDIR /offhook
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
COPY migrations migrations
COPY examples examples
RUN pip install --no-cache-dir --constraint constraints.txt . \
    && useradd --system --home /data --create-home offhook
USER offhook
VOLUME /data
EXPOSE 8080/tcp 5060/udp
CMD ["offhook", "serve"]
