"""`python -m poreops.mlops.tracking` starts the MLflow server on the embedded store.

With the word ``team`` behind it the server of a team.
"""

import sys

from poreops.errors import exit_on_input_error
from poreops.mlops.tracking.connection import serve
from poreops.mlops.tracking.team import serve_team

with exit_on_input_error():
    if sys.argv[1:] == ["team"]:
        serve_team()
    serve()
