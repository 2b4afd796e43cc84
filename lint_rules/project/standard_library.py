"""Which modules Python's standard library has had, and until when."""

from __future__ import annotations

import sys

REMOVED = {
    "asynchat": (3, 12), "asyncore": (3, 12), "distutils": (3, 12), "imp": (3, 12), "smtpd": (3, 12),
    "aifc": (3, 13), "audioop": (3, 13), "cgi": (3, 13), "cgitb": (3, 13), "chunk": (3, 13), "crypt": (3, 13),
    "imghdr": (3, 13), "lib2to3": (3, 13), "mailcap": (3, 13), "msilib": (3, 13), "nis": (3, 13), "nntplib": (3, 13),
    "ossaudiodev": (3, 13), "pipes": (3, 13), "sndhdr": (3, 13), "spwd": (3, 13), "sunau": (3, 13),
    "telnetlib": (3, 13), "uu": (3, 13), "xdrlib": (3, 13),
    "binhex": (3, 11), "formatter": (3, 10), "parser": (3, 10), "symbol": (3, 10), "macpath": (3, 8),
    "dummy_threading": (3, 9), "_dummy_thread": (3, 9), "asyncio.compat": (3, 7), "fpectl": (3, 7),
}  # fmt: skip
"""Modules by the first version of Python that no longer has them."""

REPLACEMENTS = {
    "asynchat": "asyncio", "asyncore": "asyncio", "distutils": "setuptools, sysconfig or shutil", "imp": "importlib",
    "smtpd": "aiosmtpd", "aifc": "standard-aifc or soundfile", "audioop": "audioop-lts",
    "cgi": "email.message or multipart",
    "cgitb": "traceback", "chunk": "standard-chunk", "crypt": "bcrypt, argon2-cffi or legacycrypt",
    "imghdr": "filetype or puremagic", "lib2to3": "libcst", "mailcap": "mimetypes", "nntplib": "standard-nntplib",
    "pipes": "subprocess and shlex", "sndhdr": "filetype", "spwd": "python-pam", "sunau": "standard-sunau",
    "telnetlib": "telnetlib3", "uu": "base64 or binascii", "xdrlib": "standard-xdrlib", "binhex": "base64 or binascii",
    "parser": "ast", "symbol": "ast", "formatter": "textwrap", "dummy_threading": "threading",
}  # fmt: skip
"""What to use instead."""

NEW = {
    "tomllib": (3, 11), "zoneinfo": (3, 9), "graphlib": (3, 9), "contextvars": (3, 7), "dataclasses": (3, 7),
    "annotationlib": (3, 14), "compression": (3, 14), "importlib.resources": (3, 7), "importlib.metadata": (3, 8),
}  # fmt: skip
"""Modules by the first version of Python that has them."""

_ALL = frozenset(sys.stdlib_module_names) | {name for name in (*REMOVED, *NEW) if "." not in name}
_ALL |= {"string", "concurrent", "wsgiref", "xml", "this", "antigravity", "idlelib", "turtledemo", "test", "__main__"}


def is_standard(top: str) -> bool:
    """Whether a top-level module is, or was in some Python 3, part of the standard library."""
    return top in _ALL
