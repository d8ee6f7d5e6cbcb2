"""Whether MLflow answers where this runs: sent to a pod as text, so any Python will do.

It asks twice: for MLflow's health, which is anybody's, and for an experiment, with what the Secret brought. The second
is not answered, either, by a server that does not know by which name it is called (`mlflow server --allowed-hosts`).
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import sys
import urllib.error
import urllib.request

SECONDS = 10
SILENT, STRANGE, REFUSED, MISNAMED = 1, 2, 3, 4
"""Exit codes: it does not answer; what answers is no MLflow; it does not let us in; it has another name."""


def main() -> int:
    """Ask, say in one line what was found, and return the exit code."""
    address = os.environ["MLFLOW_TRACKING_URI"].rstrip("/")
    try:
        _health(address)
        json.loads(_get(f"{address}/api/2.0/mlflow/experiments/search?max_results=1"))
    except urllib.error.HTTPError as error:
        said = error.read(300).decode(errors="replace").partition("\n")[0].strip()
        return _ended(_kind(error.code, said), f"answers {error.code} {error.reason}: {said}".rstrip(": "))
    except json.JSONDecodeError:
        return _ended(STRANGE, "answers with a page that is not MLflow's, such as a login")
    except urllib.error.URLError as error:
        return _ended(SILENT, f"does not answer: {error.reason}")
    except (OSError, ValueError) as error:
        return _ended(SILENT, f"does not answer: {error}")
    return _ended(0, "answers")


def _kind(status: int, said: str) -> int:
    if status not in (401, 403):
        return STRANGE
    return MISNAMED if "Invalid Host header" in said else REFUSED


def _health(address: str) -> None:
    try:
        _get(f"{address}/health")
    except urllib.error.HTTPError as error:
        if error.code != 404:  # hosted ones have no such page
            raise


def _get(url: str) -> bytes:
    certificates = os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or os.environ.get("REQUESTS_CA_BUNDLE")
    secure = ssl.create_default_context(cafile=certificates or None)
    request = urllib.request.Request(url, headers=_login())
    with urllib.request.urlopen(request, timeout=SECONDS, context=secure) as answer:
        content: bytes = answer.read()
    return content


def _login() -> dict[str, str]:
    """As MLflow's own client does it."""
    user, password = (os.environ.get(f"MLFLOW_TRACKING_{name}", "") for name in ("USERNAME", "PASSWORD"))
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if user and password:
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
    return {"Authorization": f"Bearer {token}"} if token else {}


def _ended(code: int, said: str) -> int:
    sys.stdout.write(f"{said}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
