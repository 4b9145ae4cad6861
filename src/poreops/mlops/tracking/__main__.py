"""`python -m poreops.mlops.tracking` starts the MLflow server on the embedded store."""

from poreops.errors import exit_on_input_error
from poreops.mlops.tracking.connection import serve

with exit_on_input_error():
    serve()
