"""The yardsticks for EC2: plain boto3 and apache-libcloud, each in a process of its own, on the same answers.

``python -m benchmarks.ec2_bare URL`` reads what to do from its input, a line each with how often, and prints the CPU
seconds of it.
"""

import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

from benchmarks.ec2_pages import IMAGE_ID, PAGE


def _work(url: str) -> dict[str, Callable[[], object]]:
    session = boto3.session.Session(aws_access_key_id="key", aws_secret_access_key="secret")
    ec2 = session.client("ec2", region_name="us-east-1", endpoint_url=url)
    address = urlsplit(url)
    libcloud: Any = get_driver(Provider.EC2)(
        "key", "secret", region="us-east-1", host=address.hostname, port=address.port, secure=False
    )

    def list_all() -> int:
        pages = ec2.get_paginator("describe_images").paginate(PaginationConfig={"PageSize": PAGE})
        return sum(len(page["Images"]) for page in pages)

    def show() -> None:
        ec2.describe_images(ImageIds=[IMAGE_ID])

    return {"boto3 list": list_all, "boto3 show": show, "libcloud list": lambda: len(libcloud.list_images())}


if __name__ == "__main__":
    work = _work(sys.argv[1])
    for line in sys.stdin:
        name, _, times = line.strip().rpartition(" ")
        started = time.process_time()
        for _ in range(int(times)):
            work[name]()
        print(time.process_time() - started, flush=True)
