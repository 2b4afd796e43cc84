"""Hardcoded token.

What it finds: access tokens and private keys of about ninety formats that providers document (AWS, Google Cloud,
Azure, GitHub, GitLab, Slack, Stripe, Twilio, SendGrid, npm, PyPI, OpenAI, Anthropic, PEM keys, JSON web tokens and
others), in source files, comments, and configuration files, also where one is written as several literals. Where a
format has a checksum or a documented structure, only what passes it is reported.

Why it matters: who can read the repository, a clone, an image or a bundle can use the token. It stays in the history
after the line is gone, so it has to be revoked, and robots that search public repositories need minutes to find one.

Bad (python):

    import boto3

    client = boto3.client("s3", aws_access_key_id="AKIAQ5MZ4XWTR7KLNEOP")

Good (python):

    import os

    import boto3

    client = boto3.client("s3", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])

Bad (javascript):

    const { S3Client } = require("@aws-sdk/client-s3");

    const client = new S3Client({ credentials: { accessKeyId: "AKIAQ5MZ4XWTR7KLNEOP", secretAccessKey: readKey() } });

Good (javascript):

    const { S3Client } = require("@aws-sdk/client-s3");

    const accessKeyId = process.env.AWS_ACCESS_KEY_ID;
    const client = new S3Client({ credentials: { accessKeyId, secretAccessKey: readKey() } });

Bad (config):

    AWS_ACCESS_KEY_ID=AKIAQ5MZ4XWTR7KLNEOP

Good (config):

    AWS_ACCESS_KEY_ID=

How to fix it: revoke the token with its provider first, then read the new one from the environment or a secret store.

Not seen: tokens of formats without a documented prefix (see TEN0902 for those bound to a telling name); tokens that
are encrypted, encoded or put together at run time; private keys and JSON web tokens in tests, where they are made for
the test.
"""

# tenlint: ignore-file[TEN0901] the examples above are made up
from __future__ import annotations

import re
from collections.abc import Iterator

from lint_rules.families.e09_secrets.formats import holds_token, tokens
from lint_rules.families.e09_secrets.quiet import SourceFile, hidden, is_for_show
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule

RULE = Rule(
    "TEN0901",
    "hardcoded-token",
    severity=ERROR,
    summary="An access token or private key of a known format stands in the source",
    references={"CWE-798": "https://cwe.mitre.org/data/definitions/798.html"},
)


_MADE_FOR_TESTS = frozenset({"pem", "jwt"})


_EXAMPLE = re.compile(rb"""["']?(?:openapi_)?examples?["']?\s*[:=]\s*[{\["'][^}]*$""")


def _is_example(data: bytes, at: int) -> bool:
    """Whether a place belongs to the example of an interface's description."""
    return _EXAMPLE.search(data[max(0, at - 300) : at]) is not None


@RULE.files(WholeFile(holds_token), "python", "javascript", "config")
def check(file: SourceFile) -> Iterator[Finding]:
    for token in tokens(file.source.data):
        one = token.format
        if one.check in _MADE_FOR_TESTS and (is_for_show(file) or _is_example(file.source.data, token.start)):
            continue
        shown = "" if one.check == "pem" else f" (`{token.shown}...`)"  # of that there is no beginning to be shown
        article = "an" if one.name[0] in "AEIOUaeiou" else "a"
        yield RULE.at(
            file,
            file.source.span(token.start, token.end),
            f"{article} {one.name}{shown} stands in the source; revoke it and read a new one",
            f"revoke it ({one.revoke}), then read the new one from the environment or a secret store",
            secrets=hidden(file, token.start, token.end),
        )
