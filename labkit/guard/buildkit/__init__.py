"""BuildKit: what goes through HTTP/2 is ended here and judged message by message."""
