"""The modules of Python 2, and names of modules, that Python 3 has elsewhere, or not at all."""

from __future__ import annotations

PYTHON2_MODULES = {
    "BaseHTTPServer": "http.server", "Bastion": "", "CGIHTTPServer": "http.server", "ConfigParser": "configparser",
    "Cookie": "http.cookies", "DocXMLRPCServer": "xmlrpc.server", "HTMLParser": "html.parser", "Queue": "queue",
    "ScrolledText": "tkinter.scrolledtext", "SimpleHTTPServer": "http.server", "SimpleXMLRPCServer": "xmlrpc.server",
    "SocketServer": "socketserver", "StringIO": "io", "Tkinter": "tkinter", "UserDict": "collections",
    "UserList": "collections", "UserString": "collections", "__builtin__": "builtins", "anydbm": "dbm",
    "cPickle": "pickle", "cStringIO": "io", "commands": "subprocess", "cookielib": "http.cookiejar",
    "copy_reg": "copyreg", "dbhash": "dbm", "dummy_thread": "_dummy_thread", "exceptions": "builtins",
    "gdbm": "dbm.gnu",
    "htmlentitydefs": "html.entities", "httplib": "http.client", "md5": "hashlib", "mimetools": "email",
    "mimify": "email", "new": "types", "popen2": "subprocess", "repr": "reprlib", "rfc822": "email",
    "robotparser": "urllib.robotparser", "sets": "", "sha": "hashlib", "thread": "_thread",
    "tkFileDialog": "tkinter.filedialog", "tkMessageBox": "tkinter.messagebox", "ttk": "tkinter.ttk",
    "urllib2": "urllib.request", "urlparse": "urllib.parse", "user": "", "whichdb": "dbm", "xmlrpclib": "xmlrpc.client",
}  # fmt: skip
"""By name, the module of Python 3 that has most of it; "" where there is none."""

_IN_PARSE = ("quote", "quote_plus", "unquote", "unquote_plus", "urlencode")
_IN_REQUEST = ("FancyURLopener", "URLopener", "getproxies", "pathname2url", "url2pathname", "urlcleanup", "urlopen",
               "urlretrieve")  # fmt: skip
_METHODS_OF_STR = ("atof", "atoi", "find", "join", "lower", "lstrip", "replace", "rstrip", "split", "strip", "upper",
                   "zfill")  # fmt: skip

PYTHON2_NAMES: dict[str, dict[str, str]] = {
    "urllib": {
        **{name: f"urllib.parse.{name}" for name in _IN_PARSE},
        **{name: f"urllib.request.{name}" for name in _IN_REQUEST},
    },
    "string": {
        "letters": "string.ascii_letters", "lowercase": "string.ascii_lowercase", "uppercase": "string.ascii_uppercase",
        "maketrans": "str.maketrans", **{name: f"str.{name}" for name in _METHODS_OF_STR},
    },
    "itertools": {
        "ifilter": "filter", "ifilterfalse": "itertools.filterfalse", "imap": "map", "izip": "zip",
        "izip_longest": "itertools.zip_longest",
    },
    "os": {
        "getcwdu": "os.getcwd", "popen2": "subprocess.Popen", "popen3": "subprocess.Popen",
        "popen4": "subprocess.Popen", "tempnam": "tempfile.mkstemp", "tmpnam": "tempfile.mkstemp",
    },
    "sys": {"exc_clear": "", "exc_type": "sys.exc_info", "maxint": "sys.maxsize", "setdefaultencoding": ""},
    "types": {
        "BooleanType": "bool", "ClassType": "type", "DictType": "dict", "FloatType": "float", "IntType": "int",
        "ListType": "list", "LongType": "int", "StringType": "bytes", "StringTypes": "str", "TupleType": "tuple",
        "UnicodeType": "str",
    },
    "operator": {"div": "operator.truediv", "isCallable": "callable", "sequenceIncludes": "operator.contains"},
    "email": {
        "Encoders": "email.encoders", "MIMEAudio": "email.mime.audio", "MIMEBase": "email.mime.base",
        "MIMEImage": "email.mime.image", "MIMEMultipart": "email.mime.multipart", "MIMEText": "email.mime.text",
        "Utils": "email.utils",
    },
}  # fmt: skip
"""By module and name, what Python 3 has in its place; "" where it has nothing."""
