/* The command line of npsgen. */
#ifndef GEN_CMDLINE_H
#define GEN_CMDLINE_H

#include "gen/kafka_out.h"

struct gen_command {
	struct gen_options core; /* step_us, and start_ms unless given, follow from rate and span_ms */
	struct gen_kafka_options kafka;
	uint64_t rate;	 /* records per second; 0: unlimited */
	int64_t span_ms; /* -1: not given */
	bool to_stdout, help;
	const char *account; /* file, or NULL */
};

/* Prints all options with their defaults. Thread: main */
void gen_cmdline_help(void);
/* now_ms: wall clock. Thread: main; Owns: texts point into argv; Fails: NPSD_INVALID */
bool gen_cmdline_read(struct gen_command *out, struct npsd_err *err, int argc, char **argv, int64_t now_ms);

#endif
