"""The modules of Python 2 that Python 3 has under another name, or not at all."""

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
