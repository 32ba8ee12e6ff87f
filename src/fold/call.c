#include "fold/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"

#define TEXT_MAX (16u << 20)

void npsd_fold_args_init(struct npsd_fold_args *a)
{
	*a = (struct npsd_fold_args){0};
	npsd_buf_init(&a->text, TEXT_MAX);
}

void npsd_fold_args_free(struct npsd_fold_args *a)
{
	npsd_buf_free(&a->text);
	free(a->item);
	free(a->arg);
	*a = (struct npsd_fold_args){0};
}

void npsd_fold_args_clear(struct npsd_fold_args *a)
{
	npsd_buf_clear(&a->text);
	a->n = a->nkeys = 0;
}

static void add_item(struct npsd_fold_args *a, size_t at, const void *far, size_t n)
{
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 64;
		a->item = realloc(a->item, a->cap * sizeof *a->item);
		a->arg = realloc(a->arg, a->cap * sizeof *a->arg);
		npsd_assert(a->item && a->arg);
	}
	a->item[a->n].at = at;
	a->item[a->n].n = n;
	a->item[a->n++].far = far;
}

static void add_format(struct npsd_fold_args *a, const char *fmt, va_list ap)
{
	size_t at = a->text.n;
	char text[512];
	int n = vsnprintf(text, sizeof text, fmt, ap);

	npsd_assert(n >= 0 && (size_t)n < sizeof text);
	npsd_buf_add(&a->text, text, (size_t)n);
	npsd_assert(!a->text.full);
	add_item(a, at, NULL, (size_t)n);
}

void npsd_fold_args_key(struct npsd_fold_args *a, const char *fmt, ...)
{
	va_list ap;

	npsd_assert(a->n == a->nkeys);
	va_start(ap, fmt);
	add_format(a, fmt, ap);
	va_end(ap);
	a->nkeys++;
}

void npsd_fold_args_addf(struct npsd_fold_args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_format(a, fmt, ap);
	va_end(ap);
}

void npsd_fold_args_addz(struct npsd_fold_args *a, const char *z)
{
	size_t at = a->text.n, n = strlen(z);

	npsd_buf_add(&a->text, z, n);
	npsd_assert(!a->text.full);
	add_item(a, at, NULL, n);
}

void npsd_fold_args_far(struct npsd_fold_args *a, const void *p, size_t n)
{
	add_item(a, SIZE_MAX, p, n);
}

bool npsd_fold_args_submit(
    struct npsd_fold_args *a, struct npsd_store *store, enum npsd_script script, uint64_t tag)
{
	struct npsd_call call = {.tag = tag, .script = script, .keys = a->arg, .nkeys = a->nkeys};

	call.args = a->arg + a->nkeys;
	call.nargs = a->n - a->nkeys;
	for (size_t i = 0; i < a->n; i++) {
		const void *p = a->item[i].at == SIZE_MAX ? a->item[i].far : a->text.p + a->item[i].at;

		a->arg[i] = (struct npsd_arg){a->item[i].n ? p : "", a->item[i].n};
	}
	return store->submit(store->self, &call);
}

const struct npsd_reply *npsd_fold_el(const struct npsd_reply *r, size_t i)
{
	static const struct npsd_reply none = {.type = NPSD_REPLY_NIL};

	return r->type == NPSD_REPLY_ARRAY && i < r->n ? &r->el[i] : &none;
}

struct npsd_str npsd_fold_str(const struct npsd_reply *r, size_t i)
{
	const struct npsd_reply *el = npsd_fold_el(r, i);

	if (el->type != NPSD_REPLY_STR)
		return NPSD_STR("");
	return (struct npsd_str){el->str, (uint32_t)el->len};
}

bool npsd_fold_is(const struct npsd_reply *r, size_t i, const char *z)
{
	return npsd_str_eq(npsd_fold_str(r, i), npsd_str(z));
}

bool npsd_fold_number(int64_t *out, struct npsd_str text, int64_t other)
{
	char z[24], *end;
	uint32_t minus = text.n > 0 && text.p[0] == '-'; /* bytes of the sign */

	*out = other;
	if (text.n == 0)
		return true;
	/* strtoll would pass over blanks and a plus */
	if (text.n >= sizeof z || text.n == minus || text.p[minus] < '0' || text.p[minus] > '9')
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	errno = 0;
	*out = strtoll(z, &end, 10);
	return errno == 0 && end == z + text.n;
}

bool npsd_fold_int(int64_t *out, const struct npsd_reply *r, size_t i, int64_t other)
{
	const struct npsd_reply *el = npsd_fold_el(r, i);

	*out = el->integer;
	return el->type == NPSD_REPLY_INT || npsd_fold_number(out, npsd_fold_str(r, i), other);
}
