/* Command line of npsgen, from one table. */
#ifndef GEN_OPTIONS_H
#define GEN_OPTIONS_H

#include "gen/sink.h"

struct gen_command {
	struct gen_options core; /* step_us and start_ms are worked out from the three below */
	struct gen_kafka_options kafka;
	uint64_t rate;	 /* records a second; 0: as fast as it can */
	int64_t span_ms; /* -1: not given */
	bool start_given;
	bool to_stdout, help;
	const char *account; /* file, or NULL */
};

/* Prints every option with its default. Thread: main */
void gen_options_help(void);
/* now_ms is the wall clock. Thread: main; Owns: texts point into argv; Fails: NPSD_INVALID */
bool gen_options_read(struct gen_command *out, struct npsd_err *err, int argc, char **argv, int64_t now_ms);

#endif
