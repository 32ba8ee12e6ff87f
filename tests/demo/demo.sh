#!/bin/sh
# A demonstration of npsd on this machine: demo.sh BUILD [--check] [--kafka]
#
# Starts a private redis-server, a broker (librdkafka's mock cluster inside npsgen; with --kafka a real one), npsd and
# npsgen, and shows windows and alerts until Ctrl-C. With --check: npsd counts a fixed stream to its end with the event
# clock, and every window and alert is compared with npsgen's account. However the script ends (Ctrl-C, a closed terminal or
# pipe, the death of a part, SIGKILL), guard.sh then ends every process that it started and removes its folder.
#
# To try other streams: NPSD_DEMO_EVENTS, NPSD_DEMO_SEED, NPSD_DEMO_START_MS, NPSD_DEMO_PARTITIONS.
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
# guard.sh reads a FIFO that only this script has open for writing.
trap '' HUP INT PIPE QUIT TERM
dir=$(mktemp -d "${TMPDIR:-/tmp}/npsd-demo.XXXXXX")
mkdir "$dir/sessions"
mkfifo "$dir/alive" "$dir/open"
exec 8<>"$dir/alive"
exec 9<"$dir/alive"
setsid "$here/guard.sh" "$dir" <&9 >/dev/null 2>&1 8>&- 9<&- &
guard=$!
exec 9<&-

# clean_up STATUS: closes the FIFO and waits for guard.sh. The traps of signals call it directly, since a shell runs its
# EXIT trap only once.
# shellcheck disable=SC2317 # called by the traps
clean_up() {
	trap '' HUP INT PIPE QUIT TERM
	trap - EXIT
	exec 8>&-
	wait "$guard" || :
	exit "$1"
}
trap 'clean_up $?' EXIT
trap 'clean_up 129' HUP
trap 'clean_up 130' INT
trap 'clean_up 131' QUIT
trap 'clean_up 141' PIPE
trap 'clean_up 143' TERM

# spawn COMMAND...: in the background, in a session of its own, which is registered before COMMAND begins. The terminal
# signals only this script, and guard.sh ends the sessions in order. Standard input stays open. Sets $pid.
spawn() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	setsid sh -c ': >"$0/$$" && exec "$@"' "$dir/sessions" "$@" <>"$dir/open" 8>&- &
	pid=$!
}

# launch NAME COMMAND...: spawn with output in $dir/NAME.out and $dir/NAME.err.
launch() {
	name=$1
	shift
	spawn "$@" >"$dir/$name.out" 2>"$dir/$name.err"
}

# run COMMAND...: spawn, then wait; unlike a foreground command it does not delay the traps.
run() {
	spawn "$@"
	wait "$pid"
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

# start_broker EVENTS OPTION...: starts a broker, sends EVENTS records to it and sets $bootstrap.
start_broker() {
	events=$1
	shift
	if [ $kafka = yes ]; then
		say "starting a Kafka broker"
		run "$here/../system/kafka.sh" start "$dir/kafka" >"$dir/broker.out" || die "the Kafka broker does not start"
		bootstrap=$(sed -n 's/^bootstrap=//p' "$dir/broker.out")
		run "$build/npsgen" --brokers "$bootstrap" --create "$partitions" --topic "$topic" --events "$events" "$@" >&2 ||
			die "npsgen ended with $?"
		return
	fi
	launch broker "$build/npsgen" --mock "$partitions" --topic "$topic" --events "$events" "$@"
	until_true "npsgen does not send its records" "$pid" grep -q ' records in ' "$dir/broker.err"
	cat "$dir/broker.err" >&2
	bootstrap=$(sed -n 's/^bootstrap=//p' "$dir/broker.out")
}

# write_config CLOCK. The mock cluster cannot say whether a topic is compacted: npsd would ask it several times first.
write_config() {
	allow_compacted=true
	[ $kafka = no ] || allow_compacted=false
	cat >"$dir/npsd.yaml" <<-YAML
		kafka:
		  brokers: $bootstrap
		  topics: [$topic]
		redis.url: unix://$dir/redis.sock
		clock: $1
		allow_compacted: $allow_compacted
		segments: [[], [location], [channel], [location, channel], [theme], [stage, team], [attributes.plan]]
		series: { segments: [[], [location], [theme]], steps: [1h, 1d] }
	YAML
}
segments='all location channel location,channel theme stage,team attributes.plan'

consumed() { # N: whether npsd has consumed N records
	[ "$(redis-cli -s "$dir/redis.sock" hget nps:totals consumed)" -ge "$1" ]
}

run_check() {
	# The mock cluster keeps 5 MiB of each partition; a record has about 500 bytes.
	partitions=${NPSD_DEMO_PARTITIONS:-16}
	events=${NPSD_DEMO_EVENTS:-60000}
	span_ms=2592000000
	start_ms=${NPSD_DEMO_START_MS:-$(($(date +%s) * 1000 - span_ms))}
	say "the stream: NPSD_DEMO_EVENTS=$events NPSD_DEMO_SEED=$seed NPSD_DEMO_START_MS=$start_ms"
	start_redis
	start_broker "$events" --seed "$seed" --funnel 0.65 --start-ms "$start_ms" --span "${span_ms}ms" --account "$dir/account"
	write_config event
	say "npsd counts"
	run "$build/npsd" --config "$dir/npsd.yaml" --set alerts.keep=10000000 --set alerts.keep_bytes=8GB --drain >&2 ||
		die "npsd ended with $?"
	say "comparing"
	run /usr/bin/python3 -B "$here/../system/check_account.py" --account "$dir/account" --redis "unix://$dir/redis.sock" \
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
	until_true "npsd does not count the history" "$npsd" consumed "$history"
	launch live "$build/npsgen" --brokers "$bootstrap" --topic "$topic" --seed "$(date +%s)" --rate 20 \
		--funnel 0.65 --events forever
	run /usr/bin/python3 -B "$here/viewer.py" --npsctl "$build/npsctl" --config "$dir/npsd.yaml" --watch "$npsd"
	tail -n 20 "$dir/npsd.err" >&2
	die "npsd ended"
}

if [ $check = yes ]; then run_check; else run_live; fi
