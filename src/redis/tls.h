/* TLS over a socket that is non-blocking and stays the caller's; knows bytes, not commands. Thread: owner,
 * for all */
#ifndef NPSD_REDIS_TLS_H
#define NPSD_REDIS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "npsd/config.h"
#include "npsd/err.h"

struct npsd_tls;

/* The options redis.tls_*. The files are read for each connection, so that they can be replaced. */
struct npsd_tls_options {
	char *ca, *cert, *key, *name; /* "" for none */
	bool verify;
	struct bio_method_st *socket;
};

/* Owns: texts are copied; the caller frees, also after a failure. Fails: NPSD_INVALID where a file cannot be
 * used */
bool npsd_tls_options_read(struct npsd_tls_options *out, const struct npsd_config *cfg, struct npsd_err *err);
void npsd_tls_options_free(struct npsd_tls_options *o);

/* host: the name to verify, unless redis.tls_name is set. Owns: o and host must outlive it. Fails: NPSD_RETRY
 * where a file cannot be used */
bool npsd_tls_new(
    struct npsd_tls **out, const struct npsd_tls_options *o, int fd, const char *host, struct npsd_err *err);
void npsd_tls_free(struct npsd_tls **t);
/* True: TLS is agreed. False: it waits for the socket, or err is set. Fails: NPSD_RETRY */
bool npsd_tls_shake(struct npsd_tls *t, struct npsd_err *err);
/* Whether the last call waits until the socket can be written to; else until it can be read. */
bool npsd_tls_wants_write(const struct npsd_tls *t);
/* As npsd_wire_send() and npsd_wire_receive(). */
ssize_t npsd_tls_send(struct npsd_tls *t, const void *p, size_t n, struct npsd_err *err);
ssize_t npsd_tls_receive(struct npsd_tls *t, void *p, size_t n, struct npsd_err *err);

#endif
