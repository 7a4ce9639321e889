# Images of the server, the trainer and the client.
#
#   docker build --target server -t polaris-server .                          on the CPU
#   docker build --target server --build-arg DEVICE=cuda -t polaris-server:cuda .
#   docker build --target trainer -t polaris-trainer .                        (DEVICE=cuda as well)
#   docker build --target client -t polaris-client .                          without libtorch
#
# Programs are the same on the CPU and a GPU; DEVICE chooses the libraries that go with them. What is pinned of libtorch is
# pinned in scripts/setup_libtorch.py. Everything runs as user 65532 on a read-only root, without capabilities.

# Pin it to a digest where builds must be repeatable to the bit: --build-arg DEBIAN=debian:bookworm-slim@sha256:...
ARG DEBIAN=docker.io/library/debian:bookworm-slim
ARG DEVICE=cpu

FROM ${DEBIAN} AS tools
# A release of Debian keeps one version of a package, and its security updates are wanted: none is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl g++ python3 python3-pip \
    && rm -rf /var/lib/apt/lists/*

FROM tools AS libtorch
WORKDIR /source
COPY scripts/setup_libtorch.py scripts/
RUN POLARIS_CACHE=/opt python3 scripts/setup_libtorch.py && mv /opt/libtorch-*-cpu /opt/libtorch

# What of it goes into an image, in the layout of the wheels in which the libraries find each other.
FROM libtorch AS libraries
ARG DEVICE
RUN case "${DEVICE}" in \
        cpu) mkdir -p /opt/polaris/torch/lib \
            && cp /opt/libtorch/lib/*.so.* /opt/libtorch/lib/libc10.so /opt/libtorch/lib/libtorch_cpu.so /opt/polaris/torch/lib/ ;; \
        cuda) python3 scripts/setup_libtorch.py --cuda /opt/polaris ;; \
        *) echo "DEVICE is ${DEVICE}; use cpu or cuda" >&2; exit 1 ;; \
    esac

FROM tools AS rust
ENV CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup PATH=/usr/local/cargo/bin:$PATH
ARG RUST_VERSION=1.95.0
ARG RUSTUP_VERSION=1.28.2
ARG RUSTUP_SHA256=20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c
RUN curl --fail --silent --show-error --location --retry 3 --output /tmp/rustup-init \
        "https://static.rust-lang.org/rustup/archive/${RUSTUP_VERSION}/x86_64-unknown-linux-gnu/rustup-init" \
    && echo "${RUSTUP_SHA256}  /tmp/rustup-init" > /tmp/rustup-init.sha256 \
    && sha256sum --check --quiet /tmp/rustup-init.sha256 \
    && chmod +x /tmp/rustup-init \
    && /tmp/rustup-init -y --no-modify-path --profile minimal --default-toolchain "${RUST_VERSION}" \
    && rm /tmp/rustup-init*

# The workspace without its code: manifests and empty crates. It changes only when dependencies do, and with it the layer
# below in which they are built.
FROM tools AS manifests
WORKDIR /source
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -path './build/*' ! -path '*/src/lib.rs' ! -path '*/src/main.rs' \
        ! -name build.rs ! -path '*/benches/*' -delete \
    && find . -type f -name '*.rs' -exec sh -c 'for file; do echo "fn main() { }" > "$file"; done' sh {} + \
    && find . -type d -empty -delete

FROM rust AS build
WORKDIR /source
COPY --from=libtorch /opt/libtorch /opt/libtorch
# The programs look for libtorch where the images below have it. They tell where they panicked without debug information.
ENV LIBTORCH=/opt/libtorch \
    POLARIS_LIBTORCH_RPATH=/opt/polaris/torch/lib \
    CARGO_PROFILE_RELEASE_DEBUG=none \
    CARGO_PROFILE_RELEASE_STRIP=debuginfo
COPY --from=manifests /source .
# What was built of the empty crates must not pass for the real ones, whose files may be older.
RUN cargo build --release --locked --bins -p polaris-server -p polaris-trainer -p polaris-client \
    && rm -rf target/release/.fingerprint/polaris-* target/release/polaris-*
COPY . .
RUN cargo build --release --locked --bins -p polaris-server -p polaris-trainer -p polaris-client \
    && mkdir /programs \
    && cp target/release/polaris-server target/release/polaris-trainer target/release/polaris-client /programs/

# What every image has: Debian with its C++ library, certificates, and a user without a name or rights.
FROM ${DEBIAN} AS base
COPY --from=tools /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY LICENSE /usr/share/licenses/polaris/LICENSE
USER 65532:65532
WORKDIR /work
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="POLARIS" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"

FROM base AS trainer
COPY --from=libraries /opt/polaris /opt/polaris
COPY --from=build /programs/polaris-trainer /usr/local/bin/
LABEL org.opencontainers.image.title="polaris-trainer" \
    org.opencontainers.image.description="From eCLIP peaks to a registry of models of RNA-binding proteins"
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/polaris-trainer"]
CMD ["--help"]

FROM base AS client
COPY --from=build /programs/polaris-client /usr/local/bin/
LABEL org.opencontainers.image.title="polaris-client" \
    org.opencontainers.image.description="Scores variants by what they do to the binding of RNA-binding proteins"
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/polaris-client"]
CMD ["--help"]

FROM base AS server
COPY --from=libraries /opt/polaris /opt/polaris
COPY --from=build /programs/polaris-server /usr/local/bin/
ENV POLARIS__SERVER__LISTEN=0.0.0.0:50051 \
    POLARIS__ADMIN__LISTEN=0.0.0.0:9464 \
    POLARIS__REGISTRY__DIRECTORY=/registry
LABEL org.opencontainers.image.title="polaris-server" \
    org.opencontainers.image.description="Serves models of RNA-binding proteins over gRPC"
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
# Loading 160 models takes minutes on a slow disk.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=3 CMD ["/usr/local/bin/polaris-server", "health"]
ENTRYPOINT ["/usr/local/bin/polaris-server"]
CMD ["serve"]
