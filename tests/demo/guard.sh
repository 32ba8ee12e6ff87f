#!/bin/sh
# guard.sh DIR: cleans up after demo.sh, even after SIGKILL. Standard input ends when demo.sh closes its end or dies. Then
# every session that is registered in DIR/sessions/ ends, latest first, and DIR is removed.
set -u
trap '' HUP INT PIPE QUIT TERM

# Ends a session: SIGTERM, then SIGKILL after 20 s.
end() {
	kill -s TERM -- "-$1" || return 0
	for _ in $(seq 200); do
		kill -s 0 -- "-$1" || return 0
		sleep 0.1
	done
	kill -s KILL -- "-$1"
}

cat
mv "$1/sessions" "$1/ending" # a child that is not registered yet does not start any more
for session in $(find "$1/ending" -type f -printf '%T@ %f\n' | sort -rn | cut -d ' ' -f 2); do
	end "$session"
done
rm -rf "$1"
