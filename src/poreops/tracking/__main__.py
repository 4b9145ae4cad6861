"""`python -m poreops.tracking` starts the MLflow server on the embedded store."""

from poreops.errors import exit_on_input_error
from poreops.tracking.connection import serve

with exit_on_input_error():
    serve()
