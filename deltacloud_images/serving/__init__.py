"""Serving over HTTP: a gunicorn worker for requests that mostly wait, and the commands' gunicorn settings."""
