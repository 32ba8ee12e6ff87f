#!/bin/sh
# How long it takes from an event's send() to what can be read in Redis, on a real broker, beside a steady stream of others:
# its alert on a channel, the first window of a segment, and the window of a segment that changes many times a second (which
# `publish.interval`, 1 s, holds back). The broker, its client and the one that looks are part of the time.
#
# usage: latency.sh BUILD [EVENTS_A_SECOND [SECONDS]]; the last line is one JSON object
set -eu
build=${1:?usage: latency.sh BUILD [EVENTS_A_SECOND [SECONDS]]}
rate=${2:-1000}
seconds=${3:-30}
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap '"$here/../tests/system/kafka.sh" stop "$dir/kafka" || true; rm -rf "$dir"' EXIT
bootstrap=$("$here/../tests/system/kafka.sh" start "$dir/kafka" | sed -n 's/^bootstrap=//p')
/usr/bin/python3 -B "$here/latency.py" "$build" "$bootstrap" "$dir" "$rate" "$seconds"
