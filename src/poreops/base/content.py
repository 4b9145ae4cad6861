"""The content of a file whose shape only its reader knows."""

from typing import Any

Json = Any
"""Content of a JSON or YAML file: mappings, lists, strings, numbers, booleans and None."""
