#!/bin/sh
# npsd --drain against a bare librdkafka consumer (bench/bare.c), in turn, on the same broker and topic: what the whole job
# costs beyond the client. A fresh private Redis for each run of npsd. Both times are of whole processes, from start to
# exit, joining the group included.
#
# usage: drain.sh BUILD [EVENTS [ROUNDS]]; the last line is one JSON object
set -eu
build=${1:?usage: drain.sh BUILD [EVENTS [ROUNDS]]}
events=${2:-1000000}
rounds=${3:-3}
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap '"$here/../tests/system/kafka.sh" stop "$dir/kafka" || true; rm -rf "$dir"' EXIT
bootstrap=$("$here/../tests/system/kafka.sh" start "$dir/kafka" | sed -n 's/^bootstrap=//p')
python3 -B "$here/drain.py" "$build" "$bootstrap" "$dir" "$events" "$rounds"
