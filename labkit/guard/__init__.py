"""The guard: a proxy in front of an engine that shows one seat's world and lets through what the lab needs.

    a client's bytes ─> wire ─> policy.decide(request, seat) ─> calls of the engine, written anew ─> view ─> wire

``policy`` and the ``rules`` below it know no socket and no clock. They get a parsed request and the seat (its name, its
ledger, its limits) and say what to ask of the engine and what to answer; what they do not know they refuse. ``server``
does the asking. It imports neither Docker's SDK nor the rest of the lab, so that a process for fifty seats stays small.
"""
