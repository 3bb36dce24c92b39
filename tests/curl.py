"""What curl would send, for the documents' commands: ``python -m tests.curl`` takes curl's own words."""

import signal
import sys

import requests


def ask(words: list[str], root: str = "http://127.0.0.1:3001") -> requests.Response:
    """The answer to a command; what it asks of the documents' server is asked of ``root``."""
    method, data, auth, target = "GET", [], None, ""
    arguments = iter(words)
    for word in arguments:
        if word == "-X":
            method = next(arguments)
        elif word == "-d":
            data.append(next(arguments))
            method = "POST"
        elif word == "-u":
            user, _, password = next(arguments).partition(":")
            auth = (user, password)
        elif word not in ("-i", "-s"):
            target = word.removeprefix("http://127.0.0.1:3001")
    return requests.request(method, root + target, data="&".join(data) or None, auth=auth, timeout=60)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has seen enough ends it, without a word
    answer = ask(sys.argv[2:], sys.argv[1])
    if "-i" in sys.argv:
        print(f"HTTP/1.1 {answer.status_code}")
    print(answer.text)
