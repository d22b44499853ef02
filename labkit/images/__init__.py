"""The course's base images: used as they are, pulled, or assembled offline."""

from labkit.images.manage import COURSE_IMAGES, ImageStatus, State, prepare, refresh, remove, status

__all__ = ["COURSE_IMAGES", "ImageStatus", "State", "prepare", "refresh", "remove", "status"]
