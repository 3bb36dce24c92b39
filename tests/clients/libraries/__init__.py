"""The fourteen client libraries that are known to exist, each as what it sends and what it reads."""

from tests.clients.libraries.base import Library, Refused
from tests.clients.libraries.c import LibDeltacloud
from tests.clients.libraries.clojure import Clojure
from tests.clients.libraries.java import JBossTools, JClouds
from tests.clients.libraries.javascript import JavaScript
from tests.clients.libraries.perl import Perl
from tests.clients.libraries.python_json import Heat, Httplib, Requests
from tests.clients.libraries.python_xml import Httplib2, Opus
from tests.clients.libraries.ruby import Ruby0, Ruby1
from tests.clients.libraries.vagrant import Vagrant

LIBRARIES: tuple[type[Library], ...] = (
    Ruby0,
    Ruby1,
    LibDeltacloud,
    JBossTools,
    JClouds,
    Perl,
    Httplib2,
    Requests,
    Heat,
    Opus,
    Httplib,
    Clojure,
    JavaScript,
    Vagrant,
)

__all__ = ["LIBRARIES", "Library", "Refused"]
