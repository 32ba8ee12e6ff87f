#include <errno.h>
#include <stdio.h>

#include "gen/sink.h"

/* A line cannot hold a line feed or headers, and an empty line would be an empty value, not a tombstone. */
static bool fits(const struct gen_record *rec)
{
	return rec->value.p && rec->nheaders == 0 && !memchr(rec->value.p, '\n', rec->value.n);
}

static bool send_record(void *self, struct npsd_err *err, const struct gen_record *rec)
{
	(void)self;
	if (fwrite(rec->value.p, 1, rec->value.n, stdout) != rec->value.n || putchar('\n') == EOF)
		return npsd_fail(err, NPSD_RETRY, errno, "cannot write standard output");
	return true;
}

static void idle(void *self, int ms)
{
	(void)self;
	(void)ms;
	fflush(stdout);
}

static bool finish(void *self, struct npsd_err *err)
{
	(void)self;
	return fflush(stdout) == 0 || npsd_fail(err, NPSD_RETRY, errno, "cannot write standard output");
}

static void nothing(void *self)
{
	(void)self;
}

struct gen_sink gen_sink_stdout(void)
{
	static char buffer[1 << 18];

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	return (struct gen_sink){NULL, fits, send_record, idle, finish, nothing};
}
