/* A script's keys and arguments while they are put together, and its answer while it is taken apart. Thread:
 * owner */
#ifndef NPSD_FOLD_CALL_H
#define NPSD_FOLD_CALL_H

#include "base/buf.h"
#include "npsd/store.h"

struct npsd_fold_args {
	struct npsd_buf text;
	struct {
		size_t at, n; /* in text; at == SIZE_MAX: in `far` */
		const void *far;
	} * item;
	struct npsd_arg *arg;
	size_t n, cap, nkeys;
};

void npsd_fold_args_init(struct npsd_fold_args *a);
void npsd_fold_args_free(struct npsd_fold_args *a);
void npsd_fold_args_clear(struct npsd_fold_args *a);
/* Keys come before all others. */
void npsd_fold_args_key(struct npsd_fold_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void npsd_fold_args_addf(struct npsd_fold_args *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void npsd_fold_args_addz(struct npsd_fold_args *a, const char *z);
/* Not copied: p must stay until the call is submitted. */
void npsd_fold_args_far(struct npsd_fold_args *a, const void *p, size_t n);
bool npsd_fold_args_submit(
    struct npsd_fold_args *a, struct npsd_store *store, enum npsd_script script, uint64_t tag);

/* Element i of an array; a NIL that belongs to nobody where there is none. */
const struct npsd_reply *npsd_fold_el(const struct npsd_reply *r, size_t i);
/* The text of element i; empty where it is none. */
struct npsd_str npsd_fold_str(const struct npsd_reply *r, size_t i);
bool npsd_fold_is(const struct npsd_reply *r, size_t i, const char *z);
/* Element i, or a text, as a number in decimal, `other` where it is empty. False: it is neither. */
bool npsd_fold_int(int64_t *out, const struct npsd_reply *r, size_t i, int64_t other);
bool npsd_fold_number(int64_t *out, struct npsd_str text, int64_t other);

#endif
