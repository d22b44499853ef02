"""Names of base images: which are pinned, and what is taken for one that the lab does not have."""

from __future__ import annotations

import pytest

from labkit.checks.registry import CHECKS
from labkit.dockerfile import Dockerfile
from labkit.result import Outcome
from labkit.testing import FakeEvidence

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("FROM node", False),
        ("FROM node:latest", False),
        ("FROM node:lts-alpine", False),
        ("FROM node:20-alpine", True),
        ("from node:20-alpine as app", True),
        (f"FROM node@{DIGEST}", True),
        (f"FROM node:latest@{DIGEST}", True),
        ("FROM node@sha256:0123", False),
        ("FROM --platform=linux/amd64 node", False),
        # the number in a registry's port, or in the image's own name, is no version
        ("FROM registry.local:5000/node", False),
        ("FROM registry.local:5000/node:20", True),
        ("FROM node20", False),
        # a pinned first stage does not make the last one's base pinned, nor the other way round
        ("FROM node:20-alpine AS builder\nFROM alpine", False),
        ("FROM node AS builder\nFROM alpine:3.20\nCOPY --from=builder /a /a", False),
        # stages are no images, whatever the case of letters; scratch is no image either
        ("FROM node:20-alpine AS Builder\nFROM builder", True),
        ("FROM node:20-alpine AS b\nFROM scratch\nCOPY --from=0 /a /a\nCOPY --from=b /b /b", True),
        ("FROM alpine:3.20\nCOPY --from=busybox /bin/wget /bin/", False),
        ("FROM alpine:3.20\nCOPY --chown=1 --from=busybox:1.36 /bin/wget /bin/", True),
        # variables
        ("ARG TAG=20-alpine\nFROM node:${TAG}", True),
        ("ARG TAG=latest\nFROM node:$TAG", False),
        ("ARG TAG\nFROM node:${TAG:-20-alpine}", True),
        ("ARG TAG\nFROM node:${TAG}", False),
        ('ARG BASE="node:20-alpine"\nFROM "$BASE"', True),
        # a comment names another one
        ("# FROM node:20-alpine\nFROM node", False),
    ],
)
def test_base_images_pinned(text, passes):
    finding = CHECKS["base_images_pinned"](FakeEvidence(text=text))
    assert (finding.outcome is Outcome.PASS) is passes
    assert passes or (finding.want and finding.why)


def test_an_untagged_name_is_said_in_full():
    assert "node:latest" in CHECKS["base_images_pinned"](FakeEvidence(text="FROM node")).saw


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FROM node\nRUN node -v\n", "FROM node:20-alpine\nRUN node -v\n"),
        ("from  node AS node\nFROM node:18\n", "from  node:20-alpine AS node\nFROM node:18\n"),
        ("# FROM node\nFROM --platform=linux/amd64 node", "# FROM node\nFROM --platform=linux/amd64 node:20-alpine"),
        ("FROM node-red\n", "FROM node-red\n"),
    ],
)
def test_another_image_is_taken(text, wanted):
    assert Dockerfile(text).based_on({"node": "node:20-alpine"}) == wanted
