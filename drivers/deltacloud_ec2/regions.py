"""The public regions of AWS, as the installed SDK knows them; read without importing it."""

import json
from functools import cache
from importlib.resources import files

_PUBLIC_PARTITION = "aws"  # not those of China and of governments, which need accounts of their own


@cache
def public_regions() -> tuple[str, ...]:
    """Their names, sorted."""
    known = json.loads(files("botocore").joinpath("data", "partitions.json").read_bytes())["partitions"]
    (public,) = (partition["regions"] for partition in known if partition["id"] == _PUBLIC_PARTITION)
    return tuple(sorted(name for name in public if not name.endswith("-global")))
