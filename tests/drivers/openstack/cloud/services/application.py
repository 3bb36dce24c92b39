"""``application.py PORT MODULE``: serves one OpenStack WSGI application on loopback."""

import importlib
import sys

import lifeline
import waitress

port, module = int(sys.argv[1]), sys.argv[2]
sys.argv[1:] = []  # the application parses what is left
lifeline.hold()
waitress.serve(importlib.import_module(module).application, host="127.0.0.1", port=port, threads=12, ident=None)
