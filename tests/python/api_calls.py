"""Holds the API against its own description: `api_calls.py URL`.

Every operation is called with values that the description allows and with some that it does not. An answer that is not described, or a
500, is a failure; that a value is understood which the description does not promise (`url=0` is a host called 0) is none. Resizing is left to other tests: a thousand workers are no test of the API. Events never end, and
whether the pool is ready is another matter once a call has stopped it.
"""

import os
import sys
import tempfile

from schemathesis.cli import schemathesis

# It writes down what it did wherever it is.
os.chdir(tempfile.mkdtemp())
sys.argv = [
    "schemathesis",
    "run",
    sys.argv[1] + "/openapi.json",
    "--max-examples=8",
    "--workers=1",
    "--generation-deterministic",
    "--phases=coverage,fuzzing",
    "--exclude-path-regex=balancer/(resize|upgrade)|events|readyz",
    "--exclude-checks=negative_data_rejection",
    "--request-timeout=20",
    "--no-color",
]
schemathesis()
