#!/bin/sh
# Measures the time from the send() of an event to its effects in Redis, with a real broker and beside a steady stream of events:
# the alert on a channel, the first window of a segment, and the window of a segment that changes many times per second (npsd
# publishes it once per `publish.interval`, 1 s). The times include the broker, its client and the polling.
#
# Usage: latency.sh BUILD [EVENTS_PER_SECOND [SECONDS]]. The last line of the output is one JSON object.
set -eu
build=${1:?usage: latency.sh BUILD [EVENTS_PER_SECOND [SECONDS]]}
rate=${2:-1000}
seconds=${3:-30}
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap '"$here/../tests/system/kafka.sh" stop "$dir/kafka" || true; rm -rf "$dir"' EXIT
bootstrap=$("$here/../tests/system/kafka.sh" start "$dir/kafka" | sed -n 's/^bootstrap=//p')
/usr/bin/python3 -B "$here/latency.py" "$build" "$bootstrap" "$dir" "$rate" "$seconds"
