"""The notebook that the tests open: a list of code cells."""

from __future__ import annotations

CELLS = [
    "from fake_course import Course\nfrom labkit.ui.panel import Panel",
    "Panel(Course('06-path'))",
    "Panel(Course('06-questions'))",
    "Panel(Course('06-files', ('Dockerfile', '.dockerignore'), wait=True))",
    "Panel(Course('06-trouble', trouble=True))",
    """from types import SimpleNamespace as S
from labkit.pictures import cache_trace, layer_stack, process_tree, size_comparison
layer_stack([S(created_by="alpine", size=8_000_000), S(created_by="node", size=112_000_000),
             S(created_by="WORKDIR /app", size=0), S(created_by="COPY package*.json ./", size=27_000),
             S(created_by="RUN npm ci --omit=dev && echo <a & b> and so on, longer than there is room for", size=44e6),
             S(created_by="COPY . .", size=27_000)])""",
    """def steps(*made):
    names = ["FROM node:20-alpine", "WORKDIR /app", "COPY . .", "RUN npm ci --omit=dev", "EXPOSE 3000"]
    return [S(instruction=name, cached=not new, stage="0") for name, new in zip(names, made)]
cache_trace({"first build": steps(0, 1, 1, 1, 1), "after an edit of src/index.js": steps(0, 0, 1, 1, 1)})""",
    "size_comparison({'single stage': 423_000_000, 'multi-stage': 161_000_000})",
    "process_tree([S(uid=0, command='node src/index.js'), S(uid=1000, command='sh -c \"sleep 10\"')])",
]
