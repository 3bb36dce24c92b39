"""The operations of the API, each declared once: what it is called, which parameters it reads, and who can do it.

Reading and validation, the options that reach drivers, the forms of the web pages and the names in
``X-Deltacloud-Ignored`` follow from these declarations.
"""

from dataclasses import dataclass
from typing import Any

from deltacloud_images.driver import Driver
from deltacloud_images.features import HARDWARE_PROFILES, OWNER_ID, REALM_FILTER, Feature, Parameter

#: What every operation reads.
FORMAT = Parameter("format", "The format of the response: xml, json or html. It wins over the header Accept.")
#: What only pages read: how a list is shown, and whether a page looks again while something changes.
PAGES = (
    Parameter("sort", "The column by which a page sorts its rows; descending with a leading -."),
    Parameter("rows", "all: every row, however many there are."),
    Parameter("watch", "Anything: the page reloads itself until the state is final."),
)
#: How a form, which can only POST, asks for another method.
METHOD = Parameter("_method", "delete: the request acts as DELETE, which forms cannot send.")

#: The longest wait for a change, in seconds.
MAX_WAIT_SECONDS = 300
WAIT = Parameter(
    "wait",
    f"Respond when the state changes no more, or after so many seconds, at most {MAX_WAIT_SECONDS}. "
    "The header Prefer: wait=N does the same.",
    kind="integer",
    maximum=MAX_WAIT_SECONDS,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that clients can do.

    ``collection`` and ``rel`` are what features of drivers name (``images``, ``create``). ``parameters`` are read for
    every driver, and those of a driver's features besides. Of the latter, the names in ``fields`` are fields of what
    the driver is given; it gets all others as options.
    """

    name: str
    summary: str
    collection: str
    rel: str
    parameters: tuple[Parameter, ...] = ()
    fields: tuple[str, ...] = ()
    #: The status of its response, and the name of the schema of its JSON; without a schema there is no body.
    status: int = 200
    schema: str = ""
    #: The only media type of its response, where the format cannot be chosen.
    media_type: str = ""
    #: Only pages have it: a form. For other formats its path is that of a member.
    is_form: bool = False

    def features(self, driver: Driver[Any]) -> list[Feature]:
        """Return the driver's features that add parameters to this operation."""
        return [each for each in driver.features if (each.collection, each.rel) == (self.collection, self.rel)]

    def reads(self, driver: Driver[Any]) -> dict[str, Parameter]:
        """Return all parameters by name."""
        added = [parameter for feature in self.features(driver) for parameter in feature.params]
        return {each.name: each for each in (*self.parameters, *added)}

    def options(self, driver: Driver[Any]) -> tuple[Parameter, ...]:
        """Return the parameters that reach the driver as options."""
        taken = {*self.fields, *(each.name for each in self.parameters)}
        return tuple(each for name, each in self.reads(driver).items() if name not in taken)


def _filters(what: str, *names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, f"Only {what} with this {name.removesuffix('_id')}.") for name in names)


_ID = Parameter("id", "Only the one with this id.")

WELCOME = Operation("welcome", "Point to the API.", "", "welcome")
ENTRY_POINT = Operation(
    "entry_point",
    "Show the driver, its collections and their features.",
    "",
    "entry_point",
    (Parameter("force_auth", "1 or true: only for credentials that the cloud accepts; otherwise 401."),),
    schema="EntryPoint",
)
LIST_DRIVERS = Operation("list_drivers", "List the installed drivers.", "drivers", "index", (_ID,), schema="DriverList")
SHOW_DRIVER = Operation("show_driver", "Show a driver and its providers.", "drivers", "show", schema="DriverDocument")
SHOW_STATES = Operation(
    "show_instance_states",
    "Show the state machine of the driver's instances.",
    "instance_states",
    "index",
    schema="States",
)

LIST_IMAGES = Operation(
    "list_images",
    "List the images that match the parameters.",
    "images",
    "index",
    (
        _ID,
        Parameter("name", "Only images with this name; * stands for any text and ? for any character."),
        *OWNER_ID.params,
        Parameter("architecture", "Only images of this architecture, for example x86_64, i386 or arm64."),
        Parameter("state", "Only images in this state, in either case, for example AVAILABLE."),
    ),
    schema="ImageList",
)
SHOW_IMAGE = Operation("show_image", "Show an image.", "images", "show", (WAIT,), schema="ImageDocument")
CREATE_IMAGE = Operation(
    "create_image",
    "Create an image from an instance.",
    "images",
    "create",
    (Parameter("instance_id", "The instance from which to create the image.", required=True),),
    fields=("name", "description"),
    status=201,
    schema="ImageDocument",
)
DESTROY_IMAGE = Operation("destroy_image", "Destroy an image.", "images", "destroy", status=204)

LIST_INSTANCES = Operation(
    "list_instances",
    "List the instances that match the parameters.",
    "instances",
    "index",
    (_ID, *_filters("instances", "state", "image_id", "owner_id"), *REALM_FILTER.params),
    schema="InstanceList",
)
SHOW_INSTANCE = Operation("show_instance", "Show an instance.", "instances", "show", (WAIT,), schema="InstanceDocument")
CREATE_INSTANCE = Operation(
    "create_instance",
    "Launch an image.",
    "instances",
    "create",
    (
        Parameter("image_id", "The image to launch.", required=True),
        Parameter("realm_id", "The realm in which to launch it."),
        Parameter("hwp_id", "The hardware profile of the new instance."),
        *HARDWARE_PROFILES.params,
    ),
    fields=("name", "keyname", "user_data"),
    status=201,
    schema="InstanceDocument",
)
ACT_ON_INSTANCE = Operation(
    "act_on_instance",
    "Start, stop or reboot an instance.",
    "instances",
    "act",
    status=202,
    schema="ChangedInstance",
)
DESTROY_INSTANCE = Operation(
    "destroy_instance", "Destroy an instance and its disks.", "instances", "destroy", status=204
)

LIST_PROFILES = Operation(
    "list_hardware_profiles",
    "List the hardware profiles.",
    "hardware_profiles",
    "index",
    (_ID, Parameter("architecture", "Only hardware profiles for this architecture.")),
    schema="HardwareProfileList",
)
SHOW_PROFILE = Operation(
    "show_hardware_profile",
    "Show a hardware profile.",
    "hardware_profiles",
    "show",
    schema="HardwareProfileDocument",
)
LIST_REALMS = Operation("list_realms", "List the realms.", "realms", "index", (_ID,), schema="RealmList")
SHOW_REALM = Operation("show_realm", "Show a realm.", "realms", "show", schema="RealmDocument")

LIST_KEYS = Operation("list_keys", "List the key pairs.", "keys", "index", (_ID,), schema="KeyList")
SHOW_KEY = Operation("show_key", "Show a key pair, without its private key.", "keys", "show", schema="KeyDocument")
CREATE_KEY = Operation(
    "create_key",
    "Create a key pair; only this response holds its private key.",
    "keys",
    "create",
    (
        Parameter("name", "The new key pair's name.", required=True),
        Parameter("public_key", "Your own public key, as ssh-keygen writes it; without it, the cloud makes a pair."),
    ),
    status=201,
    schema="KeyDocument",
)
DESTROY_KEY = Operation("destroy_key", "Destroy a key pair.", "keys", "destroy", status=204)

SHOW_OPENAPI = Operation("show_openapi", "Show the OpenAPI document.", "", "openapi", media_type="application/json")
SHOW_RELAX_NG = Operation(
    "show_relax_ng", "Show the RELAX NG schema of the XML.", "", "relax_ng", media_type="application/xml"
)
SHOW_DOCS = Operation("show_docs", "Show the documentation for people.", "", "docs", media_type="text/html")

IMAGE_FORM = Operation(
    "new_image",
    "Show the form that creates an image.",
    "images",
    "new",
    (Parameter("instance_id", "The instance from which to create the image."),),
    is_form=True,
)
INSTANCE_FORM = Operation(
    "new_instance",
    "Show the form that launches an image.",
    "instances",
    "new",
    (Parameter("image_id", "The image to launch."),),
    is_form=True,
)
