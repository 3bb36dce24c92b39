"""The driver kit: what every driver needs besides its cloud's own API, written once and without knowledge of any cloud.

* ``deadline``: the time limit of a request; everything that waits, waits within it.
* ``transport``: HTTP to a cloud, bounded in time and size, with TLS, proxies and retries.
* ``retries``: when a request is sent again.
* ``pages``: lists that come in pages.
* ``pool``: logins and clients that outlive a request; ``cached``: a value that is kept for a while.
* ``threads``: calls side by side within one request.
* ``values``, ``xml``: values of a cloud's responses, which may be anything.
"""
