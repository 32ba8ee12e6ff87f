#!/bin/sh
# npsd at work on this machine: demo.sh BUILD [--check] [--kafka]
#
# Starts a private redis-server, a broker (librdkafka's mock cluster inside npsgen; with --kafka a real one), npsd and
# npsgen, and shows windows and alerts until Ctrl-C. With --check: no terminal; a fixed stream is counted to its end with
# the event clock, and every window and alert is compared with npsgen's account. All that is started is stopped, all that
# is written lies in one temporary folder.
#
# For trying other streams: NPSD_DEMO_EVENTS, NPSD_DEMO_SEED, NPSD_DEMO_START_MS, NPSD_DEMO_PARTITIONS.
set -eu

say() { printf '== %s\n' "$*" >&2; }
die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}
usage() {
	printf 'usage: demo.sh BUILD [--check] [--kafka]\n' >&2
	exit 2
}

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || usage
build=$(cd "$1" && pwd)
shift
check=no kafka=no
for option in "$@"; do
	case $option in
	--check) check=yes ;;
	--kafka) kafka=yes ;;
	*) usage ;;
	esac
done
for program in npsd npsctl npsgen; do
	[ -x "$build/$program" ] || die "$build/$program is not built"
done

topic=survey-events
seed=${NPSD_DEMO_SEED:-1}
dir=$(mktemp -d "${TMPDIR:-/tmp}/npsd-demo.XXXXXX")
children='' # pids in the order in which they are to end

# Ends one child: it may finish what it has in hand.
end() {
	kill -TERM "$1" 2>/dev/null || return 0
	for _ in $(seq 150); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
	status=$?
	trap - EXIT
	trap '' INT TERM HUP # who is impatient would leave a server behind
	for pid in $children; do
		end "$pid"
	done
	[ $kafka = no ] || "$here/../system/kafka.sh" stop "$dir/kafka" || :
	rm -rf "$dir"
	exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# launch NAME COMMAND...: in the background and in a session of its own, so that Ctrl-C ends this script and not the
# broker under npsd. Standard input is a pipe that stays open. Sets $pid; output in $dir/NAME.out and .err.
launch() {
	name=$1
	shift
	setsid "$@" <&8 >"$dir/$name.out" 2>"$dir/$name.err" 8<&- &
	pid=$!
	children="$pid $children"
}

# until_true WHAT PID COMMAND...: waits while PID lives, a minute at most.
until_true() {
	what=$1 alive=$2
	shift 2
	for _ in $(seq 600); do
		! "$@" >/dev/null 2>&1 || return 0
		kill -0 "$alive" 2>/dev/null || break
		sleep 0.1
	done
	"$@" >/dev/null 2>&1 && return 0
	cat "$dir"/*.err >&2
	die "$what"
}

start_redis() {
	launch redis redis-server --port 0 --unixsocket "$dir/redis.sock" --dir "$dir" --save '' --appendonly no
	until_true "redis-server does not start" "$pid" redis-cli -s "$dir/redis.sock" ping
}

# start_broker EVENTS OPTION...: sets $bootstrap. The mock cluster lives inside npsgen; so many events are sent to it.
start_broker() {
	events=$1
	shift
	if [ $kafka = yes ]; then
		say "starting a Kafka broker"
		bootstrap=$("$here/../system/kafka.sh" start "$dir/kafka" | sed -n 's/^bootstrap=//p')
		[ -n "$bootstrap" ] || die "the Kafka broker does not start"
		"$build/npsgen" --brokers "$bootstrap" --create "$partitions" --topic "$topic" --events "$events" "$@" >&2 ||
			die "npsgen ended with $?"
		return
	fi
	launch broker "$build/npsgen" --mock "$partitions" --topic "$topic" --events "$events" "$@"
	until_true "npsgen does not send its events" "$pid" grep -q ' records in ' "$dir/broker.err"
	cat "$dir/broker.err" >&2
	bootstrap=$(sed -n 's/^bootstrap=//p' "$dir/broker.out")
}

write_config() { # CLOCK
	cat >"$dir/npsd.yaml" <<-YAML
		kafka:
		  brokers: $bootstrap
		  topics: [$topic]
		redis.url: unix://$dir/redis.sock
		clock: $1
		segments: [[], [location], [channel], [location, channel], [theme], [stage, team], [attributes.plan]]
		series: { segments: [[], [location], [theme]], steps: [1h, 1d] }
	YAML
}
segments='all location channel location,channel theme stage,team attributes.plan'

counted() { # N: whether so many records have ended in a fate
	[ "$(redis-cli -s "$dir/redis.sock" hget nps:totals consumed)" -ge "$1" ]
}

run_check() {
	# The mock cluster keeps 5 MiB a partition; a record has half a kilobyte.
	partitions=${NPSD_DEMO_PARTITIONS:-16}
	events=${NPSD_DEMO_EVENTS:-60000}
	span_ms=2592000000
	start_ms=${NPSD_DEMO_START_MS:-$(($(date +%s) * 1000 - span_ms))}
	say "the stream: NPSD_DEMO_EVENTS=$events NPSD_DEMO_SEED=$seed NPSD_DEMO_START_MS=$start_ms"
	start_redis
	start_broker "$events" --seed "$seed" --funnel 0.65 --start-ms "$start_ms" --span "${span_ms}ms" --account "$dir/account"
	write_config event
	say "npsd counts"
	"$build/npsd" --config "$dir/npsd.yaml" --set alerts.keep=10000000 --set alerts.keep_bytes=8GB --drain >&2 ||
		die "npsd ended with $?"
	say "comparing"
	/usr/bin/python3 -B "$here/../system/check_account.py" --account "$dir/account" --redis "unix://$dir/redis.sock" \
		--segments "$segments" --series 'all location theme' --series-steps '1h 1d' --alerts-keep 10000000
}

run_live() {
	partitions=${NPSD_DEMO_PARTITIONS:-8}
	start_redis
	history=${NPSD_DEMO_EVENTS:-30000}
	say "sending sixty days of history"
	start_broker "$history" --seed "$seed" --span 60d --funnel 0.65
	write_config wall
	launch npsd "$build/npsd" --config "$dir/npsd.yaml"
	npsd=$pid
	say "npsd counts it"
	until_true "npsd does not count the history" "$npsd" counted "$history"
	launch live "$build/npsgen" --brokers "$bootstrap" --topic "$topic" --seed "$(date +%s)" --rate 20 \
		--funnel 0.65 --events forever
	# in the background, since a trap waits for what runs in front
	/usr/bin/python3 -B "$here/viewer.py" --npsctl "$build/npsctl" --config "$dir/npsd.yaml" --watch "$npsd" &
	viewer=$!
	children="$viewer $children"
	wait "$viewer"
	tail -n 20 "$dir/npsd.err" >&2
	die "npsd ended"
}

mkfifo "$dir/open"
exec 8<>"$dir/open"
if [ $check = yes ]; then run_check; else run_live; fi
