#!/bin/sh
# Compares npsd --drain with a bare librdkafka consumer (bench/bare.c) on the same broker and topic, in turn. The difference is
# the cost of npsd in addition to the Kafka client. npsd has a new private Redis in each round. Both times are those of a whole
# process, from start to exit; they include the time to join the group.
#
# Usage: drain.sh BUILD [EVENTS [ROUNDS]]. The last line of the output is one JSON object.
set -eu
build=${1:?usage: drain.sh BUILD [EVENTS [ROUNDS]]}
events=${2:-1000000}
rounds=${3:-3}
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap '"$here/../tests/system/kafka.sh" stop "$dir/kafka" || true; rm -rf "$dir"' EXIT
bootstrap=$("$here/../tests/system/kafka.sh" start "$dir/kafka" | sed -n 's/^bootstrap=//p')
python3 -B "$here/drain.py" "$build" "$bootstrap" "$dir" "$events" "$rounds"
