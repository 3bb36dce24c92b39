"""An EC2 that answers with prepared bytes, as fast as it can: DescribeImages in pages of up to 1,000 images.

``python -m benchmarks.ec2_pages IMAGES SECONDS`` prints its port; each page but the first takes that many seconds.
"""

import sys
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

PAGE = 1000
IMAGE_ID = "ami-0000000000000002a"

# An image as EC2 describes one of Amazon's, element by element.
_IMAGE = (
    "<item><imageId>ami-{0:017x}</imageId>"
    "<imageLocation>amazon/al2023-ami-2023.5.{0}.0-kernel-6.1-x86_64</imageLocation>"
    "<imageState>available</imageState><imageOwnerId>137112412989</imageOwnerId>"
    "<creationDate>2024-08-30T00:12:05.000Z</creationDate><isPublic>true</isPublic>"
    "<architecture>x86_64</architecture><imageType>machine</imageType><sriovNetSupport>simple</sriovNetSupport>"
    "<imageOwnerAlias>amazon</imageOwnerAlias><name>al2023-ami-2023.5.{0}.0-kernel-6.1-x86_64</name>"
    "<description>Amazon Linux 2023 AMI 2023.5.{0}.0 x86_64 HVM kernel-6.1</description>"
    "<rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>"
    "<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-{0:017x}</snapshotId>"
    "<volumeSize>8</volumeSize><deleteOnTermination>true</deleteOnTermination><volumeType>gp3</volumeType>"
    "<iops>3000</iops><throughput>125</throughput><encrypted>false</encrypted></ebs></item></blockDeviceMapping>"
    "<virtualizationType>hvm</virtualizationType><hypervisor>xen</hypervisor><enaSupport>true</enaSupport>"
    "<bootMode>uefi-preferred</bootMode><deprecationTime>2026-11-28T00:12:00.000Z</deprecationTime>"
    "<imdsSupport>v2.0</imdsSupport><platformDetails>Linux/UNIX</platformDetails>"
    "<usageOperation>RunInstances</usageOperation></item>"
)
_ACCOUNT = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@cache
def answer(first: int, last: int, token: str) -> bytes:
    """DescribeImages' answer with the images of these numbers."""
    images = "".join(_IMAGE.format(number) for number in range(first, last))
    more = f"<nextToken>{token}</nextToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId><imagesSet>{images}</imagesSet>{more}"
        "</DescribeImagesResponse>"
    ).encode()


class Pages(BaseHTTPRequestHandler):
    """Answers by what is asked for; the caller's own list is empty."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    images = 0
    seconds = 0.0

    def do_GET(self) -> None:
        self._answer(self.path.partition("?")[2])

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, asked: str) -> None:
        body = self._body(parse_qs(asked))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self, asked: dict[str, list[str]]) -> bytes:
        values = {value for each in asked.values() for value in each}
        if "GetCallerIdentity" in values:
            return _ACCOUNT
        if IMAGE_ID in values:
            return answer(42, 43, "")
        if "owner-id" in values:
            return answer(0, 0, "")
        if "MaxResults" not in asked:
            return answer(0, self.images, "")
        first = int(asked.get("NextToken", ["0"])[0])
        if first:
            time.sleep(self.seconds)
        last = min(first + PAGE, self.images)
        return answer(first, last, str(last) if last < self.images else "")

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    Pages.images, Pages.seconds = int(sys.argv[1]), float(sys.argv[2])
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
