"""Records of pictures of fingers, in and out: ANSI/NIST-ITL transactions, ISO/IEC 19794-4, ANSI/INCITS 381.

file -> records found by their lengths -> pictures as they are stored, finger, resolution -> ImageRecord, and back

No picture is decoded here: that is done where scans are decoded, under its limits.
"""

from fpverify.formats.containers.codes import LARGEST_FINGER, MEMBERS, POSITION_NAMES
from fpverify.formats.containers.files import images_from_bytes, images_to_bytes, read_images, write_images
from fpverify.formats.containers.kinds import (
    IMAGE_FORMATS,
    IMAGE_RECORD_SUFFIXES,
    ImageFormat,
    image_format_named,
    image_format_of,
    is_image_record,
)

__all__ = [
    "IMAGE_FORMATS",
    "IMAGE_RECORD_SUFFIXES",
    "LARGEST_FINGER",
    "MEMBERS",
    "POSITION_NAMES",
    "ImageFormat",
    "image_format_named",
    "image_format_of",
    "images_from_bytes",
    "images_to_bytes",
    "is_image_record",
    "read_images",
    "write_images",
]
