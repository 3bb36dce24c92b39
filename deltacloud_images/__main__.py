"""``python -m deltacloud_images`` is ``deltacloud-images``."""

from deltacloud_images.cli import main

main(prog_name="deltacloud-images")
