/*
 * A script call while it is built: the keys, then the header, then the other arguments. What was built can be
 * submitted again, with equal bytes, until the next begin. Thread: owner, for all
 */
#ifndef NPSD_SCRIPT_BUILD_H
#define NPSD_SCRIPT_BUILD_H

#include "npsd/batch.h"
#include "npsd/config.h"
#include "npsd/names.h"
#include "npsd/store.h"

/* item[0 .. nkeys - 1] are keys; an item is text[at .. at + n - 1], or n bytes at `ref` if that is not NULL
 */
struct npsd_script_build {
	const struct npsd_config *cfg;
	enum npsd_script script;
	uint32_t connection; /* of the call: npsd_call */
	struct npsd_buf text;
	struct npsd_script_item {
		const void *ref;
		size_t at, n;
	} * item;
	struct npsd_arg *arg;
	uint32_t n, nkeys, cap, arg_cap;
};

/* text_max: limit of the copied keys and arguments of one call, in bytes. Owns: the caller frees; cfg stays
 * the caller's */
void npsd_script_init(struct npsd_script_build *b, const struct npsd_config *cfg, size_t text_max);
void npsd_script_free(struct npsd_script_build *b);

/* Begins a call of a script on public keys: no key yet. */
void npsd_script_begin(struct npsd_script_build *b, enum npsd_script script);
/* Begins a call of a script on private keys: its first keys are the fence and the dictionary. */
void npsd_script_begin_private(struct npsd_script_build *b, enum npsd_script script);
/* Adds the key `{PFX:alerts}:NAME`, or `PFX:NAME`. All keys come before the header and the arguments. */
void npsd_script_private_key(struct npsd_script_build *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void npsd_script_public_key(struct npsd_script_build *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds a key as it is; copied. */
void npsd_script_key(struct npsd_script_build *b, const void *p, size_t n);
/* Adds the header: the configuration's hash, the first `len` entries of the dictionary. names may be NULL
 * if len is 0. */
void npsd_script_header(struct npsd_script_build *b, const struct npsd_names *names, uint32_t len);
/* Adds the header of another configuration, without the dictionary. */
void npsd_script_header_of(struct npsd_script_build *b, const char *hash);
/* Adds an argument; copied. */
void npsd_script_arg(struct npsd_script_build *b, const void *p, size_t n);
void npsd_script_argz(struct npsd_script_build *b, const char *z);
void npsd_script_argf(struct npsd_script_build *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void npsd_script_int(struct npsd_script_build *b, int64_t v);
void npsd_script_tp(struct npsd_script_build *b, struct npsd_tp tp);	/* `TOPIC/PARTITION` */
void npsd_script_pos(struct npsd_script_build *b, struct npsd_pos pos); /* `INC:OFFSET` */
/* Appends to the last argument, which was copied. */
void npsd_script_extend(struct npsd_script_build *b, const void *p, size_t n);
/* Adds an argument that is not copied: p must stay until the last submit. */
void npsd_script_arg_ref(struct npsd_script_build *b, const void *p, size_t n);
/* False: the store's queue is full; try again after its next poll. Waits: never */
bool npsd_script_submit(struct npsd_script_build *b, struct npsd_store *store, uint64_t tag);

#endif
