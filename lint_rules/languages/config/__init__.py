"""Configuration files: .env, YAML, JSON, TOML, INI, Dockerfile; knows no rule."""
