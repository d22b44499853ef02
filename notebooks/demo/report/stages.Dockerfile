FROM node:20-alpine AS builder
WORKDIR /work
COPY . .
RUN node make-report.js

FROM alpine:3.20
COPY --from=builder /work/report.txt /
CMD ["cat", "/report.txt"]
