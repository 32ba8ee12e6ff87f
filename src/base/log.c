#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"

static _Atomic int log_most = NPSD_LOG_INFO;

void npsd_log_level(enum npsd_level most)
{
	npsd_store_relaxed(&log_most, (int)most);
}

void npsd_log(enum npsd_level level, const char *component, const char *fmt, ...)
{
	static const char *const words[] = {"error", "warning", "info", "debug"};
	char line[1024];
	struct timespec ts;
	struct tm tm;
	size_t n;
	int m;
	va_list ap;

	if ((int)level > npsd_load_relaxed(&log_most))
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(
	    line + n, sizeof line - n, ".%03ldZ %s %s: ", ts.tv_nsec / 1000000, words[level], component);
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
	va_end(ap);
	if (m > 0)
		n += (size_t)m < sizeof line - n - 1 ? (size_t)m : sizeof line - n - 2;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* the failure cannot be logged */
}
