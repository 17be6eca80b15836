# The tool with dbmate beside it, for `engine: native`: no Docker inside, nobody's rights, nothing written but below /tmp.
#   docker build -t po-migrate .
# The versions of Node and dbmate are those of package-lock.json. From a registry of your own: --build-arg BUILD_IMAGE=… and
# BASE_IMAGE=…, any Debian with libstdc++ and util-linux. docs/runner.md says how it is run.
ARG BUILD_IMAGE=node:24-trixie-slim
ARG BASE_IMAGE=debian:trixie-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY . .
# BUILD=true takes what this checkout has installed and built already.
ARG BUILD="npm ci && npm run build"
RUN sh -c "$BUILD" \
  && mkdir -p /program/bin /program/opt/po-migrate \
  && cp node_modules/node/bin/node node_modules/@dbmate/linux-*/bin/dbmate /program/bin/ \
  && cp -r bin dist package.json LICENSE /program/opt/po-migrate/ \
  && rm -rf /program/opt/po-migrate/dist/.compile-cache

FROM ${BASE_IMAGE}
COPY --from=build /program/bin/node /usr/local/bin/node
COPY --from=build /program/bin/dbmate /usr/local/bin/dbmate
COPY --from=build /program/opt/po-migrate /opt/po-migrate
# Whoever it runs as has no home of its own: what lasts for one run stands in /tmp.
ENV LANG=C.UTF-8 HOME=/tmp XDG_STATE_HOME=/tmp/po-migrate/state XDG_CACHE_HOME=/tmp/po-migrate/cache
WORKDIR /project
USER 65534:65534
ENTRYPOINT ["/usr/local/bin/node", "/opt/po-migrate/bin/po-migrate.cjs"]
CMD ["--help"]
