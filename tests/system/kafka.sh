#!/bin/sh
# A real Apache Kafka for tests, benchmarks and the demonstration: install (jars, once), start DIR [NODES], stop DIR. The brokers
# write only into DIR: logs, configuration, pid files. Needs JDK 17 and Maven.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/npsd/kafka
tag=$(cksum <"$here/kafka/pom.xml" | tr ' ' '-')
jars=$cache/$tag
ready_s=${NPSD_KAFKA_READY_S:-300}

say() { printf '%s\n' "kafka.sh: $*" >&2; }
die() {
	say "$*"
	exit 1
}

install() {
	[ -e "$jars/complete" ] && return 0
	command -v mvn >/dev/null || die "mvn is missing (Debian: maven)"
	command -v java >/dev/null || die "java is missing (Debian: default-jdk-headless)"
	mkdir -p "$cache"
	fresh=$(mktemp -d "$cache/fresh.XXXXXX")
	trap 'rm -rf "$fresh"' EXIT
	say "fetching the broker's jars into $jars (once, about 150 MB)"
	if ! mvn -B -f "$here/kafka/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$fresh/jars" \
		</dev/null >"$fresh/log" 2>&1; then
		tail -n 60 "$fresh/log" >&2
		die "mvn could not fetch the jars"
	fi
	touch "$fresh/jars/complete"
	# Two installers may run at once: the first mv succeeds, the jars are the same.
	mv -T "$fresh/jars" "$jars" 2>/dev/null || [ -e "$jars/complete" ] || die "cannot write $jars"
	rm -rf "$fresh"
	trap - EXIT
}

free_ports() { # N: prints N free loopback ports, one per line, outside the range of outgoing connections
	/usr/bin/python3 - "$1" <<'PY'
import random, socket, sys
wanted, free = int(sys.argv[1]), []
for port in random.SystemRandom().sample(range(20000, 32000), 1000):
    with socket.socket() as probe:
        if len(free) < wanted and probe.connect_ex(("127.0.0.1", port)) != 0:
            free.append(port)
print(*free, sep="\n")
PY
}

client_port() { # NODE
	sed -n "$((2 * $1 - 1))p" "$dir/ports"
}

control_port() { # NODE
	sed -n "$((2 * $1))p" "$dir/ports"
}

new_uuid() { # in the form of Kafka: 16 random bytes in URL-safe base64; it does not begin with a dash
	/usr/bin/python3 -c 'import base64, os
print(base64.urlsafe_b64encode(b"\x40" + os.urandom(15)).decode().rstrip("="))'
}

kafka_java() { # NODE_DIR HEAP CLASS ARG...: ignores the Java options of the user
	conf=$1 heap=$2
	shift 2
	exec env -u JAVA_TOOL_OPTIONS -u _JAVA_OPTIONS -u CLASSPATH java "-Xms$heap" "-Xmx$heap" -XX:+UseSerialGC \
		-XX:TieredStopAtLevel=1 -Xshare:auto -cp "$conf:$jars/*" "$@" </dev/null
}

write_node() { # NODE PORT CONTROLLER_PORT QUORUM REPLICAS MIN_ISR
	mkdir -p "$dir/node$1/data"
	cat >"$dir/node$1/simplelogger.properties" <<-PROPERTIES
		org.slf4j.simpleLogger.defaultLogLevel=warn
		org.slf4j.simpleLogger.showDateTime=true
		org.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS
	PROPERTIES
	cat >"$dir/node$1/server.properties" <<-PROPERTIES
		process.roles=broker,controller
		node.id=$1
		listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3
		advertised.listeners=PLAINTEXT://127.0.0.1:$2
		controller.listener.names=CONTROLLER
		controller.quorum.bootstrap.servers=$4
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
		log.dirs=$dir/node$1/data
		default.replication.factor=$5
		min.insync.replicas=$6
		offsets.topic.replication.factor=$5
		offsets.topic.num.partitions=4
		transaction.state.log.replication.factor=$5
		transaction.state.log.min.isr=$6
		transaction.state.log.num.partitions=4
		share.coordinator.state.topic.replication.factor=$5
		share.coordinator.state.topic.min.isr=$6
		share.coordinator.state.topic.num.partitions=4
		group.initial.rebalance.delay.ms=0
		group.min.session.timeout.ms=1000
		auto.create.topics.enable=false
		log.retention.ms=-1
		log.message.timestamp.after.max.ms=9223372036854775807
		log.message.timestamp.before.max.ms=9223372036854775807
		num.network.threads=2
		num.io.threads=2
		log.cleaner.dedupe.buffer.size=16777216
		log.index.size.max.bytes=1048576
		log.segment.delete.delay.ms=1000
	PROPERTIES
}

format_node() { # NODE CLUSTER OPTION...: the options name the controllers
	node=$1 cluster=$2
	shift 2
	if ! (kafka_java "$dir/node$node" 128m kafka.tools.StorageTool format -t "$cluster" \
		-c "$dir/node$node/server.properties" "$@") >"$dir/node$node/format.log" 2>&1; then
		cat "$dir/node$node/format.log" >&2
		die "cannot format the storage of node $node"
	fi
}

launch_node() { # NODE: in the background, so that Ctrl-C does not interrupt the broker
	(kafka_java "$dir/node$1" "${NPSD_KAFKA_HEAP:-384m}" kafka.Kafka "$dir/node$1/server.properties") \
		>"$dir/node$1/broker.log" 2>&1 &
	echo $! >"$dir/node$1/pid"
}

answers() { # BOOTSTRAP BROKERS: whether the cluster has this number of brokers
	/usr/bin/python3 - "$1" "$2" <<'PY' 2>/dev/null
import sys
from confluent_kafka.admin import AdminClient
seen = AdminClient({"bootstrap.servers": sys.argv[1], "socket.timeout.ms": 10000}).list_topics(timeout=10)
sys.exit(0 if len(seen.brokers) == int(sys.argv[2]) else 1)
PY
}

wait_ready() { # BOOTSTRAP NODES
	end=$(($(date +%s) + ready_s))
	until answers "$1" "$2"; do
		for pidfile in "$dir"/node*/pid; do
			kill -0 "$(cat "$pidfile")" 2>/dev/null || {
				tail -n 40 "${pidfile%pid}broker.log" >&2
				die "a broker exited during its start"
			}
		done
		[ "$(date +%s)" -lt "$end" ] || {
			tail -n 40 "$dir"/node*/broker.log >&2
			die "no broker answers after $ready_s s"
		}
		sleep 0.1
	done
}

running() { # whether a broker of DIR runs
	for pidfile in "$dir"/node*/pid; do
		[ -e "$pidfile" ] && is_ours "$(cat "$pidfile")" && return 0
	done
	return 1
}

is_ours() { # PID: whether it is a java of DIR, and not another process that has got the number
	grep -zqF "$dir/node" "/proc/$1/cmdline" 2>/dev/null
}

start() {
	dir=$1 nodes=${2:-1}
	case $nodes in 1 | 3) ;; *) die "NODES is 1 or 3" ;; esac
	install
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	if running; then
		cat "$dir/bootstrap"
		return
	fi
	rm -rf "$dir"/node*
	free_ports $((2 * nodes)) >"$dir/ports"
	replicas=$nodes isr=$(((nodes + 1) / 2))
	bootstrap='' quorum='' initial=''
	for n in $(seq "$nodes"); do
		bootstrap=$bootstrap${bootstrap:+,}127.0.0.1:$(client_port "$n")
		quorum=$quorum${quorum:+,}127.0.0.1:$(control_port "$n")
		initial=$initial${initial:+,}$n@127.0.0.1:$(control_port "$n"):$(new_uuid)
	done
	cluster=$(new_uuid)
	for n in $(seq "$nodes"); do
		write_node "$n" "$(client_port "$n")" "$(control_port "$n")" "$quorum" "$replicas" "$isr"
		if [ "$nodes" -eq 1 ]; then
			format_node 1 "$cluster" --standalone
		else
			format_node "$n" "$cluster" --initial-controllers "$initial"
		fi
	done
	for n in $(seq "$nodes"); do
		launch_node "$n"
	done
	wait_ready "$bootstrap" "$nodes"
	echo "bootstrap=$bootstrap" >"$dir/bootstrap"
	cat "$dir/bootstrap"
}

stop() {
	[ -d "$1" ] || return 0
	dir=$(cd "$1" && pwd)
	for sign in TERM KILL; do
		for pidfile in "$dir"/node*/pid; do
			if [ -e "$pidfile" ] && is_ours "$(cat "$pidfile")"; then
				kill "-$sign" "$(cat "$pidfile")" 2>/dev/null || :
			fi
		done
		end=$(($(date +%s) + 20))
		while running && [ "$(date +%s)" -lt "$end" ]; do
			sleep 0.1
		done
	done
	running && die "a broker in $dir does not exit"
	rm -f "$dir"/node*/pid "$dir/bootstrap"
}

usage() {
	say "usage: kafka.sh install | start DIR [NODES] | stop DIR"
	exit 2
}

case ${1-} in
install)
	[ $# -eq 1 ] || usage
	install
	;;
start)
	[ $# -eq 2 ] || [ $# -eq 3 ] || usage
	start "$2" "${3:-1}"
	;;
stop)
	[ $# -eq 2 ] || usage
	stop "$2"
	;;
*) usage ;;
esac
