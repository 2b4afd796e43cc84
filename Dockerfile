# docker build --tag tenlint .
# docker run --rm --volume "$PWD:/src:ro" tenlint
FROM python:3.13-slim AS build
COPY pyproject.toml README.md LICENSE /tenlint/
COPY lint_rules /tenlint/lint_rules
RUN python -m venv /opt/tenlint && /opt/tenlint/bin/pip install --no-cache-dir /tenlint

FROM python:3.13-slim
# git tells which files a project has, and what is new.
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    # The mounted project belongs to another user.
    && git config --system --add safe.directory '*'
COPY --from=build /opt/tenlint /opt/tenlint
RUN useradd --create-home tenlint
USER tenlint
WORKDIR /src
ENTRYPOINT ["/opt/tenlint/bin/tenlint"]
