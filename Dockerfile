# syntax=docker/dockerfile:1
# The gateway's image, for ARM64 and AMD64: docker buildx build --platform linux/arm64,linux/amd64 .

FROM rust:1.95-slim-bookworm AS build
ARG TARGETARCH
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,id=ccag-target-${TARGETARCH} \
    cargo build --locked --profile dist --bin ccag \
    && install -D target/dist/ccag /out/usr/local/bin/ccag

# psql, for infra/bastion.sh, without the Perl that Debian's package brings: the program and its libraries.
FROM debian:bookworm-slim AS psql
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-client-15 \
    && psql=/usr/lib/postgresql/15/bin/psql \
    && mkdir -p /out/usr/local/bin /out/etc/ssl/certs \
    && ldd "$psql" | awk '$3 ~ /^\// { sub("^/lib", "/usr/lib", $3); print $3 }' \
        | xargs cp --parents --dereference --target-directory=/out "$psql" \
    && ln -s "$psql" /out/usr/local/bin/psql \
    && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="CCAG" \
      org.opencontainers.image.description="Claude Code AWS Gateway" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 65532 --user-group --no-create-home --home-dir /var/lib/ccag --shell /usr/sbin/nologin ccag \
    && install -d -m 0700 -o ccag -g ccag /var/lib/ccag
COPY --from=psql /out/ /
COPY --from=build /out/ /
ENV PROXY_HOST=0.0.0.0 \
    CCAG_DATA_DIR=/var/lib/ccag \
    LOG_FORMAT=json
# The usage journal: all that is written, so the root file system may be read-only.
VOLUME /var/lib/ccag
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=3 CMD ["/usr/local/bin/ccag", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/ccag"]
CMD ["serve"]
