"""Pictures of what the engine did: data in, figure out. In a notebook a figure is drawn, in text it is a short list."""

from __future__ import annotations

from labkit.pictures.before_after import before_after
from labkit.pictures.cache_matrix import cache_matrix
from labkit.pictures.cache_trace import cache_trace
from labkit.pictures.containers import containers
from labkit.pictures.context_treemap import context_treemap
from labkit.pictures.layer_stack import layer_stack
from labkit.pictures.live_stats import live_stats
from labkit.pictures.namespaces import namespaces
from labkit.pictures.process_tree import process_tree
from labkit.pictures.shared_layers import shared_layers
from labkit.pictures.size_comparison import size_comparison
from labkit.pictures.stage_files import stage_files
from labkit.pictures.start_times import start_times
from labkit.pictures.svg import Figure
from labkit.pictures.table import table

__all__ = [
    "Figure",
    "before_after",
    "cache_matrix",
    "cache_trace",
    "containers",
    "context_treemap",
    "layer_stack",
    "live_stats",
    "namespaces",
    "process_tree",
    "shared_layers",
    "size_comparison",
    "stage_files",
    "start_times",
    "table",
]
