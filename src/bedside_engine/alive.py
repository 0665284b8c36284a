"""Asks one address how its process is, and says it: `python -I bedside_engine/alive.py unix:/run/bedside/socket`.

The health check of a container. It imports next to nothing, since it runs every few seconds beside the live path. Exit
status 0: it does its job. 1: it does not, or does not answer; the one sentence on stdout says why.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from typing import Any, Dict, Tuple

PATIENCE_S = 3.0
MOST_BYTES = 1000000
SILENT_AFTER_S = 2.0
"""A recorder says something twice a second; one that says nothing for so long counts as gone."""
UNIX, FILE = "unix:", "file:"
PATHS = {UNIX: "/v2/health/ready", "tcp:": "/v2/health/ready", "http:": "/health", "https:": "/health"}


def ask(address: str, token: str = "") -> Tuple[bool, str]:
    """Whether what is at `address` does its job, and the sentence that says so.

    `unix:SOCKET` or `tcp://HOST:PORT` is an engine, `http://HOST:PORT` or `https://HOST:PORT` a broadcaster or server,
    and `file:PATH` what a recorder says of itself. The certificate of an https address is not looked at: it is our own.
    """
    try:
        if address.startswith(FILE):
            return _recorder(address[len(FILE) :])
        status, document = _get(address, token)
    except socket.timeout:
        return False, "%s has not answered for %g s; it hangs" % (address, PATIENCE_S)
    except OSError as error:
        return False, "%s cannot be reached: %s" % (address, error.strerror or error)
    except (ValueError, LookupError, TypeError):
        return False, "%s answers, and not as Bedside does" % address
    if status == 200:
        return True, "it does its job"
    return False, _why(document) or "it answers with status %d" % status


def _get(address: str, token: str) -> Tuple[int, Dict[str, Any]]:
    """Status and JSON of the answer. Raises OSError when there is none, ValueError when it is no such answer."""
    scheme = address.split(":", 1)[0] + ":"
    with _connected(address, scheme) as connection:
        connection.settimeout(PATIENCE_S)
        bearer = "Authorization: Bearer %s\r\n" % token if token else ""
        request = "GET %s HTTP/1.1\r\nHost: localhost\r\n%sConnection: close\r\n\r\n" % (PATHS[scheme], bearer)
        connection.sendall(request.encode("ascii"))
        said, end = b"", time.monotonic() + PATIENCE_S
        while len(said) < MOST_BYTES and not _is_whole(said):
            more = connection.recv(65536)
            if not more:
                break
            if time.monotonic() > end:
                raise socket.timeout()
            said += more
    head, _, body = said.partition(b"\r\n\r\n")
    document = json.loads(body.decode("utf-8"))
    return int(head.split(None, 2)[1]), document if isinstance(document, dict) else {}


def _is_whole(said: bytes) -> bool:
    """Whether as much has come as the answer's head has promised."""
    head, gap, body = said.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n") if gap else ():
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":", 1)[1])
    return False


def _connected(address: str, scheme: str) -> socket.socket:
    if scheme == UNIX:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE_S)
        connection.connect(address[len(UNIX) :])
        return connection
    if scheme not in PATHS:
        raise ValueError(address)
    host, _, port = address.split("//", 1)[1].rstrip("/").rpartition(":")
    connection = socket.create_connection((host.strip("[]"), int(port)), PATIENCE_S)
    if scheme == "https:":
        import ssl  # noqa: PLC0415  takes as long as all else together

        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(connection)
    return connection


def _recorder(path: str) -> Tuple[bool, str]:
    """What the recorder's file says; see bedside.session.recorder_file."""
    with open(path, encoding="utf-8") as opened:
        said = json.loads(opened.read(MOST_BYTES))
    age_s = time.monotonic() - said["written_ns"] / 1e9
    if not 0 <= age_s <= SILENT_AFTER_S:
        return False, "the recorder has said nothing for %.0f s" % age_s
    if said["state"] in ("failed", "gone"):
        return False, said.get("message") or "the recorder is %s" % said["state"]
    return True, "it does its job"


def _why(document: Dict[str, Any]) -> str:
    """The sentence of an answer that is not well; empty when it has none."""
    problems = document.get("problems")
    if isinstance(problems, list) and problems:
        return str(problems[0])
    for key in ("message", "error", "state", "signal"):
        if document.get(key):
            return str(document[key])
    return ""


def main() -> None:
    """Print the sentence, exit 0 or 1."""
    if len(sys.argv) != 2:
        sys.exit("expected one address: unix:SOCKET, http://HOST:PORT, https://HOST:PORT or file:PATH")
    is_well, sentence = ask(sys.argv[1], os.environ.get("BEDSIDE_SERVER_TOKEN", ""))
    print(sentence)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
