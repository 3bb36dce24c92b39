"""EC2 for tests: moto's server over HTTP with real checks of credentials, seeded and read with plain boto3."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import boto3
from lxml import etree

from deltacloud_ec2 import EC2Driver
from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.testing import Fault, FaultProxy, Rig, eventually
from tests.drivers.ec2.front import Answer, failure

ACCOUNT = "123456789012"
REGION = "us-east-1"
_ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

#: What Amazon publishes in this cloud. moto gives them the alias ``amazon``.
PUBLIC_IMAGES: list[dict[str, Any]] = [
    {
        "ami_id": "ami-0a000000000000001",
        "name": "al2023-ami-2023.5-x86_64",
        "description": "Amazon Linux <2023> & more",
        "image_location": "amazon/al2023-ami-2023.5-x86_64",
        "owner_id": "137112412989",
        "architecture": "x86_64",
        "root_device_type": "ebs",
        "creation_date": "2024-08-30T00:12:05.000Z",
        "public": True,
    },
    {
        "ami_id": "ami-0a000000000000002",
        "name": "al2023-ami-2023.5-arm64",
        "image_location": "amazon/al2023-ami-2023.5-arm64",
        "owner_id": "137112412989",
        "architecture": "arm64",
        "root_device_type": "ebs",
        "public": True,
    },
    {
        "ami_id": "ami-0a000000000000003",
        "image_location": "amazon/an-old-manifest",
        "owner_id": "206029621532",
        "architecture": "i386",
        "root_device_type": "instance-store",
        "public": True,
    },
    {
        "ami_id": "ami-0a000000000000004",
        "name": "a kernel and no machine",
        "image_location": "amazon/kernel",
        "owner_id": "137112412989",
        "architecture": "x86_64",
        "image_type": "kernel",
        "public": True,
    },
]


def raw(answer: Answer) -> bytes:
    """An answer with its HTTP head."""
    status, body = answer
    head = (
        f"HTTP/1.1 {status} Error\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


class Moto:
    """moto's server as a process of its own, on a free port of loopback, with one user who may do anything."""

    def __init__(self, folder: Path) -> None:
        (folder / "amis.json").write_text(json.dumps(PUBLIC_IMAGES))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environ |= {
            "MOTO_AMIS_PATH": str(folder / "amis.json"),
            "MOTO_ENABLE_AMI_VALIDATION": "true",
            "MOTO_ENABLE_KEYPAIR_VALIDATION": "false",
            "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
            "PYTHONUNBUFFERED": "1",
        }
        self._log = folder / "moto.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], stdout=log, stderr=log, env=environ
            )
        try:
            self.address = ("127.0.0.1", self._port())
            self.url = f"http://127.0.0.1:{self.address[1]}"
            self.credentials = self._user()
            self._check_credentials_from_now_on()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def client(self, service: Any, credentials: Credentials | None = None) -> Any:
        """Plain boto3, beside the driver."""
        keys = credentials or self.credentials
        return boto3.session.Session().client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=keys.user,
            aws_secret_access_key=keys.password,
        )

    def temporary_credentials(self) -> Credentials:
        """Of a role that may do anything, with a session token."""
        iam = self.client("iam")
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/caller"},
        }
        name = f"role-{time.monotonic_ns()}"
        policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(_ALLOW_ALL))
        got = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return Credentials(f"{got['AccessKeyId']}+{got['SessionToken']}", got["SecretAccessKey"])

    def _port(self) -> int:
        assert eventually(lambda: bool(self._announced()) or self._process.poll() is not None)
        announced = self._announced()
        assert announced, f"moto did not start: {self._log.read_text()}"
        return int(announced[1])

    def _announced(self) -> re.Match[str] | None:
        return re.search(r"Running on http://127\.0\.0\.1:(\d+)", self._log.read_text())

    def _user(self) -> Credentials:
        iam = self.client("iam", Credentials("anybody", "anything"))
        iam.create_user(UserName="caller")
        iam.put_user_policy(UserName="caller", PolicyName="all", PolicyDocument=json.dumps(_ALLOW_ALL))
        key = iam.create_access_key(UserName="caller")["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def _check_credentials_from_now_on(self) -> None:
        url, plain = f"{self.url}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        with urllib.request.urlopen(urllib.request.Request(url, data=b"0", headers=plain)) as answer:
            assert answer.status == 200


class EC2Rig(Rig):
    """moto behind a proxy that breaks the connection."""

    provider = "moto"
    owner_id = ACCOUNT
    timeout_seconds = 0.5
    impossible_faults: ClassVar[Mapping[Fault, str]] = {}

    def __init__(self, folder: Path) -> None:
        self.moto = Moto(folder)
        self.ec2 = self.moto.client("ec2")
        self.credentials = self.moto.credentials
        self.wrong_credentials = Credentials(self.credentials.user, "wrong")
        answers = {
            Fault.EXPIRED: raw(failure(400, "ExpiredToken")),
            Fault.THROTTLED: raw(failure(503, "RequestLimitExceeded")),
            Fault.SERVER_ERROR: raw(failure(500, "InternalError")),
        }
        self._source = self.seed_instance()
        self.proxy = FaultProxy(self.moto.address, answers=answers)
        self.driver = self.make_driver("http://{}:{}".format(*self.proxy.address))

    def make_driver(self, url: str, **table: Any) -> EC2Driver:
        """A driver whose provider ``moto`` is at ``url``."""
        provider = {"endpoint_url": url, "sts_endpoint_url": url, "region": REGION}
        settings = {"default_provider": "moto", "providers": {"moto": provider}, **table}
        driver = EC2Driver.from_config(settings)
        driver.prepare()
        return driver

    def close(self) -> None:
        self.driver.close()
        self.proxy.close()
        self.moto.close()

    def seed_image(self) -> str:
        image_id: str = self.ec2.create_image(
            InstanceId=self._source, Name=f"seed-{time.monotonic_ns()}", Description="seeded"
        )["ImageId"]
        return image_id

    def seed_instance(self) -> str:
        (instance,) = self.ec2.run_instances(
            ImageId="ami-0a000000000000001", InstanceType="t3.micro", MinCount=1, MaxCount=1
        )["Instances"]
        instance_id: str = instance["InstanceId"]
        return instance_id

    def seed_unimageable_instance(self) -> str:
        instance_id = self.seed_instance()
        self.ec2.terminate_instances(InstanceIds=[instance_id])
        return instance_id

    def image_ids(self) -> set[str]:
        return {image["ImageId"] for image in self.ec2.describe_images()["Images"]}

    def instance_ids(self) -> set[str]:
        return {
            instance["InstanceId"]
            for page in self.ec2.get_paginator("describe_instances").paginate()
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        }

    def seed_key(self) -> str:
        name: str = self.ec2.create_key_pair(KeyName=f"seed {time.monotonic_ns()}")["KeyName"]
        return name

    def key_ids(self) -> set[str]:
        return {key["KeyName"] for key in self.ec2.describe_key_pairs()["KeyPairs"]}

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Driver[Any]]:
        with self.proxy.broken(fault):
            yield self.driver

    def with_next_page(self, body: bytes, token: str) -> bytes | None:
        if b"DescribeImagesResponse" not in body:
            return None
        root = etree.fromstring(body)
        etree.SubElement(root, etree.QName(etree.QName(root).namespace, "nextToken")).text = token
        return etree.tostring(root)
